"""Small drawings of numbers as SVG text: sparkline, bullet, bars, status marks.

Plain values in, SVG text out; no Django. Each shape carries a class, which the page's style sheet colours by theme,
and a plain colour as its attribute, which holds where there is no style sheet (PDF, mail). No `style` attribute is ever
written: the content security policy forbids it. Texts are escaped here.
"""

from dashboards.svg.bars import share_bar, single_bar
from dashboards.svg.bullet import bullet
from dashboards.svg.marks import mark
from dashboards.svg.sparkline import sparkline
from dashboards.svg.spc import assurance, variation

__all__ = ["assurance", "bullet", "mark", "share_bar", "single_bar", "sparkline", "variation"]
