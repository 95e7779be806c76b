"""The scorecard of a vendor, the league table, and vendors side by side."""

from dataclasses import dataclass

from django.shortcuts import render
from django.views.decorators.http import require_GET

from doors.pages import page, visible
from kpis.views.addresses import kpi_address, same_page
from organization.access import OVERSEE, VIEW
from vendors.cards import Card, Line, cards_of, differs, frozen
from vendors.models import Vendor

from .asking import asked_of, chooser_of
from .frame import room_tabs, trail, vendor_tabs

MOST_BESIDE = 6


@dataclass(frozen=True, slots=True)
class LineRow:
    line: Line
    url: str


@page(VIEW)
@require_GET
def scorecard(request, pk):
    """Every criterion with its number, weight and score. A contact sees it for their own vendor."""
    vendor = visible(Vendor.objects.select_related("unit", "template", "manager"), request, pk=pk)
    asked = asked_of(request, [vendor])
    now = cards_of([vendor], grain=asked.grain, at=asked.period.start, day=request.day)[vendor.pk]
    kept = frozen(vendor, asked.grain, now.period_start)
    live = request.GET.get("live") == "1" or kept is None
    card = now if live else kept
    context = {
        "vendor": vendor,
        "heading": vendor.name,
        "breadcrumb": trail(),
        "tabs": vendor_tabs(request, vendor, "vendor_scorecard"),
        "chooser": chooser_of(request, asked),
        "card": card,
        "rows": rows_of(card),
        "kept": kept,
        "is_live": live,
        "differs": kept is not None and differs(kept, now),
        "other_url": same_page(request, live=None if live else "1"),
        "oversees": request.access.allows(OVERSEE, vendor.unit_id),
    }
    return render(request, "vendors/scorecard.html", context)


def rows_of(card: Card) -> list[LineRow]:
    return [LineRow(line, line_address(card, line)) for line in card.lines]


def line_address(card: Card, line: Line) -> str:
    """The page of the KPI behind the number, at the vendor and the period."""
    return kpi_address(line.kpi, unit=card.unit, grain=line.grain, period=line.period_start) if line.kpi else ""


@page(OVERSEE)
@require_GET
def league(request):
    """All vendors with a scorecard, the best first; those without a score stand last."""
    vendors = list(Vendor.objects.overseen_by(request.access).exclude(template=None).select_related("unit", "template"))
    context = {"heading": "League table", "tabs": room_tabs(request, "vendor_league"), "breadcrumb": trail()}
    if vendors:
        asked = asked_of(request, vendors)
        tier = request.GET.get("tier", "")
        shown = [vendor for vendor in vendors if tier in ("", str(vendor.tier))]
        cards = cards_of(shown, grain=asked.grain, at=asked.period.start, day=request.day)
        before = asked.period.start if not shown else _period_before(cards)
        earlier = cards_of(shown, grain=asked.grain, at=before, day=request.day)
        context |= {
            "chooser": chooser_of(request, asked, hidden=[("tier", tier)] if tier else []),
            "ranked": ranked(shown, cards, earlier),
            "criteria": _criteria(cards.values()),
            "tier": tier,
            "tiers": Vendor.Tier.choices,
        }
    return render(request, "vendors/league.html", context)


@dataclass(frozen=True, slots=True)
class Placed:
    """`cells`: (line, address) by the criteria of the table; `change` of the score against the period before."""

    rank: int | None
    vendor: Vendor
    card: Card
    change: float | None
    cells: tuple


def ranked(vendors, cards: dict[int, Card], earlier: dict[int, Card]) -> list[Placed]:
    """By score, the highest first; equal scores share a rank."""
    names = [code for code, _ in _criteria(cards.values())]
    scores = [cards[v.pk].score for v in vendors if cards[v.pk].score is not None]
    order = sorted(vendors, key=lambda v: (-(cards[v.pk].score if cards[v.pk].score is not None else -1), v.name))
    found = []
    for vendor in order:
        card, was = cards[vendor.pk], earlier[vendor.pk].score
        rank = None if card.score is None else 1 + sum(score > card.score for score in scores)
        change = None if None in (card.score, was) else card.score - was
        lines = {line.code: LineRow(line, line_address(card, line)) for line in card.lines}
        found.append(Placed(rank, vendor, card, change, tuple(lines.get(code) for code in names)))
    return found


@page(OVERSEE)
@require_GET
def compare(request):
    """Up to six vendors side by side: `?v=12&v=31`."""
    chosen = [int(pk) for pk in request.GET.getlist("v") if pk.isascii() and pk.isdigit() and len(pk) < 18]
    seen = Vendor.objects.overseen_by(request.access).select_related("unit", "template")
    vendors = list(seen.filter(pk__in=chosen[:MOST_BESIDE]))
    context = {
        "heading": "Side by side",
        "breadcrumb": trail(),
        "everyone": [(v.pk, v.name, v.pk in chosen) for v in seen.exclude(template=None)],
        "most": MOST_BESIDE,
    }
    if vendors:
        asked = asked_of(request, vendors)
        cards = cards_of(vendors, grain=asked.grain, at=asked.period.start, day=request.day)
        context |= {
            "chooser": chooser_of(request, asked, hidden=[("v", vendor.pk) for vendor in vendors]),
            "vendors": [(vendor, cards[vendor.pk]) for vendor in vendors],
            "beside": _beside([cards[vendor.pk] for vendor in vendors]),
        }
    return render(request, "vendors/compare.html", context)


def _beside(cards: list[Card]) -> list[tuple[str, list]]:
    """(criterion's name, one LineRow or None a card, with the best score marked)."""
    table = []
    for code, name in _criteria(cards):
        lines = [next((line for line in card.lines if line.code == code), None) for card in cards]
        best = max((line.score for line in lines if line and line.score is not None), default=None)
        cells = [
            (line and LineRow(line, line_address(card, line)), line is not None and line.score == best is not None)
            for card, line in zip(cards, lines, strict=True)
        ]
        table.append((name, cells))
    return table


def _criteria(cards) -> list[tuple[str, str]]:
    """(code, name) of all criteria of the cards, in the order in which they are met."""
    return list({line.code: line.name for card in cards for line in card.lines}.items())


def _period_before(cards: dict[int, Card]):
    from datetime import timedelta

    return min(card.period_start for card in cards.values()) - timedelta(days=1)
