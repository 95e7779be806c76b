"""Status marks: one shape a tone, so that a status is recognised without its colour."""

from __future__ import annotations

from dashboards.svg.shapes import TONES, frame

# Drawn in a field of 16 x 16; `currentColor` is the tone. The sign inside is cut out in the page's own colour.
SHAPES = {
    "check": '<circle cx="8" cy="8" r="7" fill="currentColor"/>'
    '<path d="M4.8 8.3l2.2 2.2 4.3-4.7" fill="none" stroke="#fff" stroke-width="1.7" stroke-linecap="round" '
    'stroke-linejoin="round" class="cut"/>',
    "warning": '<path d="M8 1.2 15.4 14.2H.6Z" fill="currentColor" stroke="currentColor" stroke-width="1" '
    'stroke-linejoin="round"/><path d="M8 6v3.9M8 12v.2" fill="none" stroke="#fff" stroke-width="1.7" '
    'stroke-linecap="round" class="cut"/>',
    "cross": '<path d="M8 .6 15.4 8 8 15.4 .6 8Z" fill="currentColor" stroke="currentColor" stroke-linejoin="round"/>'
    '<path d="M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4" fill="none" stroke="#fff" stroke-width="1.7" stroke-linecap="round" '
    'class="cut"/>',
    "gap": '<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.5" '
    'stroke-dasharray="2.6 2.27"/>',
    "ring": '<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.5"/>',
    "half": '<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    '<path d="M8 4a4 4 0 0 1 0 8Z" fill="currentColor"/>',
    "clock": '<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    '<path d="M8 4.6V8l2.4 1.5" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round"/>',
    "pause": '<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    '<path d="M6.3 5.6v4.8M9.7 5.6v4.8" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"/>',
    "late": '<path d="M8 .6 15.4 8 8 15.4 .6 8Z" fill="currentColor" stroke="currentColor" stroke-linejoin="round"/>'
    '<path d="M8 4.6V8l2.3 1.6" fill="none" stroke="#fff" stroke-width="1.6" stroke-linecap="round" class="cut"/>',
}


def mark(shape: str, tone: str = "neutral", *, label: str = "", size: int = 14) -> str:
    """The mark of a state.

    shape: a key of SHAPES (an unknown one is a ring). label: its word, where no text stands beside it.
    """
    drawing = SHAPES.get(shape, SHAPES["ring"])
    colour = TONES.get(tone, TONES["neutral"])
    inner = f'<g class="tone-{tone if tone in TONES else "neutral"}" color="{colour}">{drawing}</g>'
    return frame("mark", size, size, label, [inner]).replace(f'viewBox="0 0 {size} {size}"', 'viewBox="0 0 16 16"')
