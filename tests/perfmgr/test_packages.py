"""The lock files are complete: bootstrap and the image install exactly what they name, and resolve nothing (--no-deps).

So each package that a pinned one asks for must be pinned as well, in a version that it accepts. What a package asks for
is read from what is installed here; no registry is asked.
"""

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.txt", "requirements-dev.txt"]
NOT_LOCKED = {"pip", "setuptools", "wheel"}  # what `python -m venv` itself brings


def applies(requirement: Requirement, extra: str = "") -> bool:
    return requirement.marker is None or requirement.marker.evaluate({**default_environment(), "extra": extra})


def pins_of(lock: str) -> dict[str, Requirement]:
    """By name, the lines `name[extra]==version ; marker` of a lock file that apply here."""
    lines = re.findall(r"^([A-Za-z0-9][^\s#]*==[^\\#\n]+)", (ROOT / lock).read_text(), re.M)
    pinned = [Requirement(line.strip()) for line in lines]
    return {canonicalize_name(pin.name): pin for pin in pinned if applies(pin)}


def wishes_of(source: Path) -> list[Requirement]:
    """What a requirements.in asks for, with what the files that it names ask for."""
    wishes: list[Requirement] = []
    for line in source.read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            wishes += wishes_of(source.with_name(text[3:]))
        elif text:
            wishes.append(Requirement(text))
    return wishes


def asked_by(wish: Requirement) -> list[Requirement]:
    """What an installed package asks for, with the extras that `wish` names."""
    wanted = [Requirement(text) for text in metadata.requires(wish.name) or []]
    return [one for one in wanted if any(applies(one, extra) for extra in ("", *wish.extras))]


@pytest.mark.parametrize("lock", LOCKS)
def test_whatever_a_package_of_the_lock_asks_for_is_in_the_lock_too(lock):
    pins = pins_of(lock)
    waiting = [wish for wish in wishes_of(ROOT / f"{lock.removesuffix('.txt')}.in") if applies(wish)]
    seen, faults = set(), []
    while waiting:
        wish = waiting.pop()
        if str(wish) in seen:
            continue
        seen.add(str(wish))
        pin = pins.get(canonicalize_name(wish.name))
        if pin is None or not wish.specifier.contains(str(pin.specifier).removeprefix("=="), prereleases=True):
            faults.append(f"{wish} is asked for; the lock has {pin}")
        else:
            waiting += asked_by(wish)
    assert faults == []
    assert len(seen) > 80


@pytest.mark.parametrize("lock", LOCKS)
def test_what_is_installed_is_what_the_lock_says(lock):
    wrong = {
        name: metadata.version(name)
        for name, pin in pins_of(lock).items()
        if not pin.specifier.contains(metadata.version(name), prereleases=True)
    }
    assert wrong == {}


def test_nothing_is_installed_that_no_lock_names():
    installed = {canonicalize_name(one.metadata["Name"]) for one in metadata.distributions()}
    assert installed - set(pins_of("requirements-dev.txt")) - NOT_LOCKED == set()


@pytest.mark.parametrize("file", ["perfmgr/bootstrap.py", "Dockerfile"])
def test_every_installation_takes_the_lock_as_it_stands(file):
    text = (ROOT / file).read_text()
    assert "--no-deps" in text and "--require-hashes" in text
    assert not re.search(r"--(extra-)?index-url|--find-links|--trusted-host", text)


@pytest.mark.parametrize("lock", [*LOCKS, "requirements.in", "requirements-dev.in", "package-lock.json"])
def test_no_lock_holds_the_address_of_a_registry(lock):
    text = (ROOT / lock).read_text()
    assert not re.search(
        r"https?://(registry|[\w.-]*pypi|files\.)|--(extra-)?index-url|--find-links|\"resolved\"", text
    )
