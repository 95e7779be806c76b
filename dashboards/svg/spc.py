"""The two icons of a control chart: variation (is it changing?) and assurance (will it meet its target?).

After NHS Making Data Count, in our own drawing: a letter in a ring, a shape and a word of its own for each, so that
colour is never the only sign. H and L say on which side the special cause lies.
"""

from __future__ import annotations

from functools import lru_cache

from dashboards.svg.shapes import TONES, frame

VARIATION = {
    "improving": "info",
    "concerning": "caution",
    "neutral": "neutral",
    "common_cause": "neutral",
    "too_few_points": "neutral",
}
ASSURANCE = {
    "passes": "info",
    "fails": "caution",
    "hit_and_miss": "neutral",
    "no_direction": "neutral",
    "no_target": "neutral",
    "too_few_points": "neutral",
}
LETTERS = {"passes": "P", "fails": "F", "hit_and_miss": "?", "no_direction": "↕"}
RING = '<circle cx="10" cy="10" r="8.6" fill="none" stroke="currentColor" stroke-width="1.6"/>'
FAINT = (
    '<circle cx="10" cy="10" r="8.6" fill="none" stroke="currentColor" stroke-width="1" stroke-dasharray="2 2.2" '
    'opacity="0.6"/>'
)
DISC = '<circle cx="10" cy="10" r="9.3" fill="currentColor"/>'
WAVE = (
    '<path d="M4.4 11.2 7 8.2l2.4 3.4 2.6-4 3.4 3.6" fill="none" stroke="currentColor" stroke-width="1.5" '
    'stroke-linejoin="round" stroke-linecap="round"/>'
)
UP = '<path d="M13 12.4V7.2m-2 2 2-2.1 2 2.1" class="cut" fill="none" stroke="#fff" stroke-width="1.4"/>'
DOWN = '<path d="M13 7.2v5.2m-2-2 2 2.1 2-2.1" class="cut" fill="none" stroke="#fff" stroke-width="1.4"/>'


@lru_cache(maxsize=256)
def variation(kind: str, side: str = "none", *, label: str = "", size: int = 18) -> str:
    """kind: a key of VARIATION (of an unknown one, nothing is drawn in the ring). side: "high", "low" or "none"."""
    if kind == "common_cause":
        drawing = RING + WAVE
    elif kind in ("improving", "concerning", "neutral"):
        letter, arrow = {"high": ("H", UP), "low": ("L", DOWN)}.get(side, ("S", ""))
        drawing = DISC + _letter(letter, 7.4 if arrow else 10, cut=True) + arrow
    else:
        drawing = FAINT
    return _icon(drawing, VARIATION.get(kind, "neutral"), label, size)


@lru_cache(maxsize=256)
def assurance(kind: str, *, label: str = "", size: int = 18) -> str:
    """kind: a key of ASSURANCE. Met: a full disc with P; missed: a full diamond with F; by chance: a ring with ?."""
    letter = LETTERS.get(kind, "")
    if kind == "fails":
        shape = '<path d="M10 .4 19.6 10 10 19.6 .4 10Z" fill="currentColor"/>'
    else:
        shape = DISC if kind == "passes" else RING if letter else FAINT
    return _icon(
        shape + _letter(letter, 10, cut=kind in ("passes", "fails")), ASSURANCE.get(kind, "neutral"), label, size
    )


def _letter(letter: str, x: float, *, cut: bool) -> str:
    paint = 'fill="#fff" class="cut-text"' if cut else 'fill="currentColor"'
    return (
        f'<text x="{x:g}" y="13.6" text-anchor="middle" font-size="10" font-weight="700" '
        f'font-family="sans-serif" {paint}>{letter}</text>'
        if letter
        else ""
    )


def _icon(drawing: str, tone: str, label: str, size: int) -> str:
    inner = f'<g class="tone-{tone}" color="{TONES[tone]}">{drawing}</g>'
    return frame("spc", size, size, label, [inner]).replace(f'viewBox="0 0 {size} {size}"', 'viewBox="0 0 20 20"')
