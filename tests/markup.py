"""HTML as it is read, however its template is laid out."""

import re

AS_IS = re.compile(r"(<(script|style|textarea|pre)\b.*?</\2>)", re.DOTALL)
BLOCKS = (
    "article|aside|body|br|caption|dd|details|dialog|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|head|header"
    "|html|legend|li|link|main|meta|nav|ol|option|p|section|select|summary|table|tbody|td|tfoot|th|thead|title|tr|ul"
)
ENDS = f"{BLOCKS}|a|button|label|span"


def squeezed(html: str) -> str:
    """HTML without the blanks that no reader sees: of how its template is laid out, between and within elements."""
    parts = AS_IS.split(html)  # text, what stays as it is, its name, text, …
    return "".join(part if at % 3 else _squeezed(part) for at, part in enumerate(parts) if at % 3 < 2)


def _squeezed(html: str) -> str:
    html = re.sub(r" (/?>)", r"\1", re.sub(r"[ \t\r\n]+", " ", html))
    html = re.sub(rf" ?(</?(?:{BLOCKS})\b[^>]*>) ?", r"\1", html)
    return re.sub(rf" (</(?:{ENDS})>)", r"\1", re.sub(rf"(<(?:{ENDS})\b[^>]*>) ", r"\1", html))
