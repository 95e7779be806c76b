"""What README, docs and the rooms' READMEs name is there: files, links, commands, addresses, settings."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import Resolver404, get_resolver, resolve

ROOT = Path(__file__).resolve().parents[2]
ROOMS = [page for page in ROOT.glob("[a-z]*/**/README.md") if not {"data", "var", "node_modules"} & set(page.parts)]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("**/*.md"), *ROOMS])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
FILE = re.compile(r"[\w.*-]+\.(py|md|html|js|css|yml|yaml|csv|toml|txt)|[\w.-]+(/[\w.*-]+)*/|\w+(/[\w*-]+)+(\.\w+)?")
NO_FILES = {"multipart/form-data", "api_urls.py"}  # a media type; one in each room
MADE_LATER = {"var/", "incidents/", "improvements/", "capacity/", "playbook/"}
LAUNCHER = {"up", "test"}
SETTING = re.compile(r'(?:env(?:\.\w+|_bool)?|environ\.get)\(\s*"([A-Z_]+)"')
OF_TESTS = {"PERFMGR_TEST_SCRATCH", "PERFMGR_BOOTSTRAP", "DJANGO_SETTINGS_MODULE"}


def there(named: str, page: Path) -> bool:
    """A path or a pattern from the root or the page's room, a name below the room, a migration by its number."""
    room = ROOT / page.relative_to(ROOT).parts[0]
    below = room if room.is_dir() else ROOT
    bases = (ROOT, page.parent, below, ROOT / "static", ROOT / "static" / "css", ROOT / "static" / "js")
    patterns = (named.rstrip("/"), f"{named}_*.py")
    if any(list(base.glob(pattern)) for base in bases for pattern in patterns):
        return True
    return below != ROOT and any(fnmatch(str(file), f"*/{named}") for file in below.rglob("*"))


def ends_an_address(named: str) -> bool:
    """`certify/`, as the API's pages say it: the end of some address."""
    return any(f"/{named}" in f"/{address}" for address in addresses())


def addresses(resolver=None, before: str = "") -> list[str]:
    found = []
    for pattern in (resolver or get_resolver()).url_patterns:
        text = before + re.sub(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)|<[\w:]+>", "x", str(pattern.pattern)).strip("^$")
        found += addresses(pattern, text) if hasattr(pattern, "url_patterns") else [text.replace("\\", "")]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_file_that_a_page_names_exists(name):
    page = ROOT / name
    named = {quoted for quoted in re.findall(r"`([^`\n]+)`", page.read_text()) if FILE.fullmatch(quoted)}
    assert sorted(n for n in named - MADE_LATER - NO_FILES if not there(n, page) and not ends_an_address(n)) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name):
    page = ROOT / name
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_command_that_a_page_names_is_one(name):
    named = set(re.findall(r"manage\.py ([a-z_]+)", (ROOT / name).read_text()))
    assert named - LAUNCHER <= set(get_commands())


@pytest.mark.parametrize("name", NAMES)
def test_every_address_that_a_page_names_answers(name):
    text = re.sub(r"\{[\w_]+\}", "1", (ROOT / name).read_text())
    for address in {*re.findall(r"/api/[\w/-]*/", text), *re.findall(r"`(/[a-z][\w/-]*)`", text)}:
        try:
            resolve(address)
        except Resolver404:
            assert address == "/api/v1/", address


def test_every_setting_of_the_environment_is_described_and_none_else():
    sources = [ROOT / "manage.py", *(ROOT / "perfmgr").rglob("*.py")]
    read = {name for source in sources for name in SETTING.findall(source.read_text())} - OF_TESTS
    table = (ROOT / "docs" / "operating.md").read_text().partition("## The first administrator")[0]
    described = {name for row in re.findall(r"^\| (`.*?) \|", table, re.M) for name in re.findall(r"`([A-Z_]+)`", row)}
    assert read - described == set()
    assert described - read == set()


def test_what_the_compose_file_asks_for_stands_in_the_example():
    asked = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    example = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.M))
    assert asked == example
