"""What stands beside the code is valid: the compose file, the lock files, the example environment."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


def test_the_compose_file_fulfils_the_compose_specification():
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout


def test_every_service_that_stays_has_a_health_check_and_no_password_has_a_default():
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert set(compose["services"]) == {"migrate", "web", "worker", "scheduler", "postgres", "redis"}
    for name, service in compose["services"].items():
        own = "healthcheck" in service or (name == "web" and "HEALTHCHECK" in dockerfile)
        assert own or name == "migrate", f"{name} has no health check"
    text = (ROOT / "docker-compose.yml").read_text()
    for secret in ("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD"):
        assert re.findall(rf"\$\{{{secret}(.)", text) and set(re.findall(rf"\$\{{{secret}(..)", text)) == {":?"}


def test_every_variable_of_the_compose_file_is_explained_in_the_example():
    wanted = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    explained = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))
    assert wanted == explained


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_the_lock_files_pin_and_hash_everything_and_name_no_registry(name):
    text = (ROOT / name).read_text()
    assert "://" not in text
    pins = re.findall(r"^[a-zA-Z0-9_.\[\],-]+==", text, re.M)
    assert len(pins) > 80
    assert text.count("--hash=sha256:") >= len(pins)


def test_what_tests_install_holds_the_same_versions_as_what_runs():
    def pins(name):
        return dict(re.findall(r"^([a-zA-Z0-9_.-]+)(?:\[[^\]]*\])?==([^ ]+)", (ROOT / name).read_text(), re.M))

    runs, tests = pins("requirements.txt"), pins("requirements-dev.txt")
    assert {name: tests.get(name) for name in runs} == runs
