"""A mistake in the environment stops the start with a sentence that says what to write."""

import os
import subprocess
import sys

import pytest

GOOD = {
    "PERFMGR_ENV": "production",
    "SECRET_KEY": "k3!fJ8s@Lq0ZxV7nB5mC1hG9tR2yU6iO4pA8dS7wE3bN1vM5-and-more",
    "ALLOWED_HOSTS": "perf.example.org",
    "DATABASE_URL": "postgres://u:p@localhost/perfmgr",
    "REDIS_URL": "redis://localhost:6379",
}


def start(**changes: str) -> subprocess.CompletedProcess:
    """Import the settings in a fresh process, as every start does."""
    environment = {"PATH": os.environ["PATH"], **GOOD, **changes}
    return subprocess.run(
        [sys.executable, "-c", "import perfmgr.settings"], env=environment, capture_output=True, text=True
    )


def test_the_production_settings_of_the_example_start():
    assert start().returncode == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"PERFMGR_ENV": "prod"}, "write embedded, production or test"),
        ({"SECRET_KEY": ""}, "SECRET_KEY must be at least 50 random characters"),
        ({"SECRET_KEY": "a" * 60}, "SECRET_KEY must be at least 50 random characters"),
        ({"DEBUG": "true"}, "must be false in production"),
        ({"PERFMGR_DEMO": "true"}, "must be false in production"),
        ({"PERFMGR_DEMO": "yes"}, "write true or false"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS must name the hosts"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name the hosts"),
        ({"DATABASE_URL": ""}, "DATABASE_URL must be set in production"),
        ({"REDIS_URL": ""}, "REDIS_URL must be set in production"),
    ],
)
def test_B32_a_mistake_in_production_refuses_to_start(changes, sentence):
    refused = start(**changes)
    assert refused.returncode != 0
    assert sentence in refused.stderr
