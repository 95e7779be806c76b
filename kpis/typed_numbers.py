"""Numbers as people type and paste them. What may mean two things is refused: no value is changed silently."""

import re
from decimal import Decimal, InvalidOperation

BLANKS = re.compile(r"[\s\u00a0\u2009\u202f']")
CURRENCY = re.compile(r"^[£€$¥]|[£€$¥%]$")
BAND = re.compile(r"^(?P<low>.+?)(?:\.\.|\bto\b|\s[-–]\s|–|(?<=[\d%])-(?=\d))(?P<high>.+)$")


class NotANumber(ValueError):
    """The text is no number, or may be two."""


def read_number(text: str) -> Decimal:
    """ "1,234.5", "1.234,5", "95,5 %", "£ 7.25", "−3" as an exact number. Raises NotANumber.

    >>> read_number("1,234.5")
    Decimal('1234.5')
    >>> read_number("95,5 %")
    Decimal('95.5')
    """
    if len(text) > 60:
        raise NotANumber("A number is shorter than 60 characters.")
    plain = CURRENCY.sub("", CURRENCY.sub("", BLANKS.sub("", text.strip()))).replace("\u2212", "-")
    if not re.fullmatch(r"[-+]?[0-9.,]*[0-9][0-9.,]*(e[-+]?[0-9]{1,2})?", plain, re.IGNORECASE | re.ASCII):
        raise NotANumber(f"“{text[:30]}” is not a number.")
    try:
        return Decimal(_with_point(plain, text))
    except InvalidOperation:
        raise NotANumber(f"“{text[:30]}” is not a number.") from None


def is_band(text: str) -> bool:
    """Whether two ends are written, not one number."""
    return bool(BAND.match(text.strip()))


def read_band(text: str) -> tuple[Decimal, Decimal]:
    """ "90..95", "90 to 95" or "90-95" as a low and a high end. Raises NotANumber."""
    found = BAND.match(text.strip())
    if not found:
        raise NotANumber(f"“{text[:30]}” is no band: write its ends such as 90..95.")
    return read_number(found["low"]), read_number(found["high"])


def written(value: Decimal | None) -> str:
    """A number as the grid shows it, without needless zeros."""
    return "" if value is None else f"{value.normalize():f}"


def _with_point(plain: str, text: str) -> str:
    """The digits with a point for the decimal sign and nothing between thousands."""
    points, commas = plain.count("."), plain.count(",")
    if points and commas:
        decimal, between = (".", ",") if plain.rfind(".") > plain.rfind(",") else (",", ".")
        if plain.count(decimal) > 1 or not _grouped(plain.split(decimal)[0], between):
            raise NotANumber(f"“{text[:30]}” is not a number.")
        return plain.replace(between, "").replace(decimal, ".")
    if commas > 1 or points > 1:
        sign = "," if commas else "."
        if not _grouped(plain, sign):
            raise NotANumber(f"“{text[:30]}” is not a number.")
        return plain.replace(sign, "")
    if commas == 1 and re.search(r"^[-+]?[1-9][0-9]{0,2},[0-9]{3}$", plain):
        whole = plain.replace(",", "")
        raise NotANumber(
            f"“{text[:30]}” may be {whole} or {plain.replace(',', '.')}: write {whole} or {plain[:-4]}.{plain[-3:]}."
        )
    return plain.replace(",", ".")


def _grouped(whole: str, sign: str) -> bool:
    return all(len(group) == 3 for group in whole.split(sign)[1:]) and 1 <= len(whole.split(sign)[0].lstrip("+-")) <= 3
