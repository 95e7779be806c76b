#!/usr/bin/env python3
"""Copy the browser assets that perfmgr serves from `node_modules` into `static/vendor/`, which is committed.

Run `npm ci --ignore-scripts` first; only whoever changes a version in `package.json` needs Node. Source-map comments
are stripped, because hashed static storage refuses a map that is not there. `MANIFEST.json` names every file with its
package, version, licence and sha256; a test compares it with the folder.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"

SOURCE_MAP = re.compile(r"^\s*(?://[#@]\s*sourceMappingURL=\S+|/\*[#@]\s*sourceMappingURL=\S+\s*\*/)\s*$", re.MULTILINE)

# Scatter comes with the core. Waterfall: benefit bridges; box, violin, histogram: capability; heatmap, contour:
# calendars and simulations; funnel, sankey: processes; treemap: cost.
PLOTLY_TRACES = (
    "bar",
    "box",
    "contour",
    "funnel",
    "heatmap",
    "histogram",
    "pie",
    "sankey",
    "treemap",
    "violin",
    "waterfall",
)

# Addresses to which plotly.js would send a chart or from which it would fetch maps. We switch both off by settings;
# without the address a forgotten setting sends nothing either.
PLOTLY_OUTSIDE = ("https://cloud.plotly.com", "https://cdn.plot.ly/un/")

# The icons in use, by Tabler's names; a test finds a template that names one which is not here.
ICONS = (
    "activity",
    "adjustments",
    "alert-circle",
    "alert-triangle",
    "arrow-back-up",
    "arrow-down",
    "arrow-right",
    "arrow-up",
    "arrows-sort",
    "award",
    "ban",
    "bell",
    "bell-off",
    "binary-tree",
    "building",
    "calculator",
    "calendar",
    "calendar-event",
    "calendar-time",
    "cash",
    "certificate",
    "chart-arrows",
    "chart-bar",
    "chart-candle",
    "chart-dots",
    "chart-histogram",
    "chart-line",
    "chart-scatter",
    "check",
    "checklist",
    "checks",
    "chevron-down",
    "chevron-left",
    "chevron-right",
    "circle-check",
    "circle-dashed",
    "circle-x",
    "clipboard-check",
    "clock",
    "coin",
    "contract",
    "copy",
    "database",
    "device-desktop",
    "dots",
    "download",
    "edit",
    "external-link",
    "eye",
    "file-certificate",
    "file-text",
    "filter",
    "flag",
    "gauge",
    "gavel",
    "help",
    "history",
    "home",
    "hourglass",
    "info-circle",
    "keyboard",
    "layout-grid",
    "link",
    "list",
    "loader-2",
    "lock",
    "logout",
    "mail",
    "menu-2",
    "message",
    "microscope",
    "moon",
    "pencil",
    "percentage",
    "player-pause",
    "player-play",
    "player-stop",
    "plus",
    "printer",
    "refresh",
    "report",
    "report-money",
    "rotate",
    "scale",
    "search",
    "settings",
    "shield",
    "shield-check",
    "signature",
    "sitemap",
    "sort-ascending",
    "sort-descending",
    "stairs",
    "star",
    "stopwatch",
    "sun",
    "table",
    "target",
    "target-arrow",
    "thumb-up",
    "trash",
    "trending-down",
    "trending-up",
    "truck-delivery",
    "upload",
    "urgent",
    "user",
    "users",
    "webhook",
    "writing",
    "x",
    "zoom-question",
)


@dataclass(frozen=True)
class Package:
    """One npm package: which of its files are served, under which name."""

    name: str
    folder: str
    files: tuple[tuple[str, str], ...]


PACKAGES = (
    Package("@tabler/core", "tabler", (("dist/css/tabler.min.css", "tabler.min.css"),)),
    Package(
        "@fontsource-variable/inter",
        "inter",
        (
            ("files/inter-latin-wght-normal.woff2", "inter-latin.woff2"),
            ("files/inter-latin-ext-wght-normal.woff2", "inter-latin-ext.woff2"),
        ),
    ),
    Package("@tabler/icons", "icons", ()),
    Package("plotly.js", "plotly", ()),
)


def without_source_map(text: str) -> str:
    return SOURCE_MAP.sub("", text).rstrip() + "\n"


def icon_sprite(names: tuple[str, ...]) -> str:
    """One SVG file of `<symbol>`s, each with the icon's name as its id and drawn in the text's colour."""
    symbols = []
    for name in sorted(names):
        source = (MODULES / "@tabler/icons/icons/outline" / f"{name}.svg").read_text()
        drawing = re.sub(r"<!--.*?-->|\s*<svg[^>]*>|</svg>\s*", "", source, flags=re.DOTALL)
        drawing = re.sub(r"\s*\n\s*", "", drawing).strip()
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
            f'stroke-linecap="round" stroke-linejoin="round">{drawing}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def bundle_plotly(target: Path) -> None:
    """Build plotly.js with the traces that perfmgr draws. None of them evaluates text, so a strict CSP holds."""
    entry = MODULES / ".perfmgr-plotly.js"
    traces = ", ".join(f"require('plotly.js/lib/{trace}')" for trace in PLOTLY_TRACES)
    entry.write_text(
        f"var Plotly = require('plotly.js/lib/core');\nPlotly.register([{traces}]);\nmodule.exports = Plotly;\n"
    )
    subprocess.run(
        [
            MODULES / ".bin/esbuild",
            entry,
            "--bundle",
            "--minify",
            "--format=iife",
            "--global-name=Plotly",
            "--target=es2020",
            "--define:global=window",
            "--loader:.css=empty",
            "--legal-comments=none",
            "--log-level=warning",
            f"--outfile={target}",
        ],
        check=True,
    )
    entry.unlink()
    text = without_source_map(target.read_text())
    for address in PLOTLY_OUTSIDE:
        text = text.replace(address, "")
    target.write_text(text)


def licence_text(package: Package) -> str:
    """The package's licence. @tabler/core ships none but names MIT in its banner; its author's icons carry the text."""
    own = MODULES / package.name / "LICENSE"
    if own.exists():
        return own.read_text()
    banner = (MODULES / package.name / package.files[0][0]).read_text().split("*/")[0] + "*/\n\n"
    return banner + (MODULES / "@tabler/icons/LICENSE").read_text()


def vendor(package: Package) -> dict[str, object]:
    """Copy one package and return its entry for the manifest."""
    source, target = MODULES / package.name, VENDOR / package.folder
    target.mkdir(parents=True)
    about = json.loads((source / "package.json").read_text())
    for original, name in package.files:
        if name.endswith((".css", ".js")):
            (target / name).write_text(without_source_map((source / original).read_text()))
        else:
            shutil.copyfile(source / original, target / name)
    if package.folder == "icons":
        (target / "sprite.svg").write_text(icon_sprite(ICONS))
    if package.folder == "plotly":
        bundle_plotly(target / "plotly.min.js")
    (target / "LICENSE.txt").write_text(licence_text(package))
    return {
        "name": package.name,
        "version": about["version"],
        "licence": about["license"],
        "files": {
            f"{package.folder}/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(target.iterdir())
        },
    }


def main() -> None:
    if not MODULES.is_dir():
        raise SystemExit("node_modules is missing: run `npm ci --ignore-scripts` first, with Node 20 or newer.")
    shutil.rmtree(VENDOR, ignore_errors=True)
    entries = [vendor(package) for package in PACKAGES]
    (VENDOR / "MANIFEST.json").write_text(json.dumps(entries, indent=2) + "\n")


if __name__ == "__main__":
    main()
