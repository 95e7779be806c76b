"""Templates can be read: one element a line."""

import re
from pathlib import Path

TEMPLATES = Path(__file__).parents[2] / "templates"
WIDTH = 120
BLOCK = re.compile(
    r"<(?:caption|dd|details|div|dl|dt|fieldset|form|h[1-6]|label|li|ol|option|p|section|select|summary|table|tbody|td|th"
    r"|thead|tr|ul)\b"
)


def test_a_line_beyond_the_width_holds_one_element_at_most():
    crowded = [
        f"{path.relative_to(TEMPLATES)}:{number}"
        for path in sorted(TEMPLATES.rglob("*.html"))
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if len(line) > WIDTH and len(BLOCK.findall(line)) > 1
    ]
    assert len(list(TEMPLATES.rglob("*.html"))) > 150
    assert crowded == []
