"""What the app serves to browsers is what the manifest names, and loads nothing from elsewhere."""

import hashlib
import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
MANIFEST = json.loads((VENDOR / "MANIFEST.json").read_text())
# Addresses in code that nothing fetches: names of formats, and documentation in comments and messages.
NOT_LOADED = {
    "www.w3.org", "plotly.com", "github.com", "developer.mozilla.org", "sites.google.com",
    "jse.amstat.org",
}  # fmt: skip


def served(*endings: str) -> list[Path]:
    return [path for path in sorted(STATIC.rglob("*")) if path.suffix in endings]


def test_every_vendored_file_has_the_hash_of_the_manifest():
    named = {name: digest for package in MANIFEST for name, digest in package["files"].items()}
    found = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "MANIFEST.json"
    }
    assert found == named


def test_versions_are_those_of_package_json_and_each_package_has_its_licence():
    pinned = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    for package in MANIFEST:
        assert package["version"] == pinned[package["name"]]
        assert any(name.endswith("/LICENSE.txt") for name in package["files"])


def test_no_style_sheet_or_drawing_loads_from_outside():
    for path in served(".css", ".svg"):
        loads = re.findall(r"""(?:url\(|@import|href=)\s*["']?((?:https?:)?//[^"')\s]+)""", path.read_text())
        assert loads == [], path


def test_no_script_names_a_host_that_it_could_call():
    for path in served(".js"):
        hosts = set(re.findall(r"https?://([\w.-]+)", path.read_text()))
        assert hosts <= NOT_LOADED, path
        assert "cloud.plotly.com/newchart" not in path.read_text(), "the cloud button's address must be cut out"


def test_no_source_map_is_promised():
    assert [path for path in served(".js", ".css") if "sourceMappingURL=" in path.read_text()] == []


def test_the_lock_names_no_registry():
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


def test_every_icon_that_a_template_names_is_in_the_sprite():
    sprite = set(re.findall(r'<symbol id="([a-z0-9-]+)"', (VENDOR / "icons/sprite.svg").read_text()))
    for template in (ROOT / "templates").rglob("*.html"):
        for name in re.findall(r'{% icon "([\w-]+)"', template.read_text()):
            assert name in sprite, f"{template.name}: add {name!r} to ICONS in tools/vendor.py and run it"


def test_templates_have_no_inline_style_handler_or_outside_address():
    for template in (ROOT / "templates").rglob("*.html"):
        text = template.read_text()
        assert not re.search(r"<[^>]+\s(?:style|on\w+)=", text), f"{template}: the content security policy forbids it"
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", text), (
            f"{template}: everything is served by the app"
        )
