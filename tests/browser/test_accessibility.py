"""The main pages for people who see little, use no mouse, hold a phone, or read on paper.

axe.min.js is axe-core 4.14.1 (MPL-2.0, its licence beside it); only tests use it.
"""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text()
ALL_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = (
    "/",
    "/scorecards/operations/?as_of=2026-01-15",
    "/heatmap/?as_of=2026-01-15",
    "/review/?as_of=2026-01-15",
    "/kpis/",
    "/kpis/in_time/",
    "/kpis/in_time/rows/?load=1",
    "/kpis/in_time/edit/",
    "/targets/?kpi=in_time",
    "/datasets/incidents/",
    "/datasets/incidents/contract/",
    "/explore/?dataset=incidents",
    "/audit/",
    "/profile/",
)


FITS = """() => {
    const last = document.querySelector('.top-nav li:last-child').getBoundingClientRect();
    const tools = document.querySelector('.top-tools').getBoundingClientRect();
    return last.right <= tools.left && document.documentElement.scrollWidth <= innerWidth;
}"""


def violations(page: Page, rules: dict) -> list[str]:
    found = page.evaluate("options => axe.run(document, options)", {"resultTypes": ["violations"], "runOnly": rules})
    return [f"{one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]]


def test_no_page_violates_wcag_in_light_or_dark_or_is_wider_than_a_phone(page, site):
    faults = {}
    for path in PAGES:
        page.set_viewport_size({"width": 390, "height": 844})
        answer = page.goto(site.url + path)
        assert answer.status == 200, path
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        faults[path] = [f"{wide} px wider than a phone"] if wide > 0 else []
        page.set_viewport_size({"width": 1280, "height": 900})
        page.evaluate(AXE)
        faults[path] += violations(page, {"type": "tag", "values": ALL_RULES})
        page.evaluate("pmTheme.toggle()")
        faults[path] += violations(page, {"type": "rule", "values": ["color-contrast"]})
        page.evaluate("pmTheme.toggle()")
    assert [f"{path}: {fault}" for path, found in faults.items() for fault in found] == []


WIDEN = """() => {
    const frames = [...document.querySelectorAll('main .table-frame')];
    const free = frame => !frame.closest('details:not([open])') && !frame.querySelector('a[href], button, input');
    const frame = frames.find(free);
    frame.firstElementChild.style.minWidth = '600px';
}"""


def test_a_table_that_scrolls_on_a_phone_is_reached_and_moved_by_keys(page, site):
    """600 px of a table without a link in the 358 px that a phone has; a laptop shows all of it."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site.url}/kpis/in_time/?as_of=2026-01-15")
    page.evaluate(WIDEN)
    frame = page.locator(".table-frame[role=group]").first
    frame.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    assert frame.evaluate("frame => [frame.scrollLeft > 0, frame.ariaLabel !== '']") == [True, True]
    page.evaluate(AXE)
    assert violations(page, {"type": "rule", "values": ["scrollable-region-focusable"]}) == []
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(page.locator(".table-frame[tabindex]")).to_have_count(0)


def test_each_stop_within_a_date_shows_the_focus(page, site):
    page.goto(f"{site.url}/heatmap/?as_of=2026-01-15")
    date = page.locator("main input[type=date]").first
    date.focus()
    for _ in range(4):  # month, day, year, calendar
        assert (
            date.evaluate("field => field === document.activeElement && getComputedStyle(field).outlineStyle")
            == "solid"
        )
        page.keyboard.press("Tab")


LARGE = """() => {
    for (const cell of document.querySelectorAll('.parts td:is(:nth-child(2), :nth-child(3)), .catalogue .actual-cell'))
        cell.textContent = '24,826,981';
    const frames = document.querySelectorAll('.parts > .table-frame, .table-frame:has(.catalogue)');
    return [...frames].map(frame => frame.scrollWidth - frame.clientWidth);
}"""


def test_numbers_of_eight_digits_fit_without_scrolling_sideways(page, site):
    for path in ("/kpis/", "/kpis/in_time/?as_of=2026-01-15"):
        for width in (390, 1024, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(site.url + path)
            beyond = page.evaluate(LARGE)
            assert beyond and max(beyond) <= 0, (path, width)


PROVISIONAL = """() => {
    for (const cell of document.querySelectorAll('.kpis .status-cell')) {
        const mark = cell.querySelector('.pm-status').cloneNode(true);
        mark.classList.add('quiet');
        mark.lastChild.textContent = ' provisional';
        cell.append(' ', mark);
    }
    const frames = [...document.querySelectorAll('.table-frame:has(.kpis)')];
    return frames.map(frame => frame.scrollWidth - frame.clientWidth);
}"""


def test_a_second_mark_of_a_status_makes_no_table_wider_than_a_laptop(page, site):
    for path in ("/kpis/", "/scorecards/operations/?as_of=2026-01-15"):
        for width in (1024, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(site.url + path)
            beyond = page.evaluate(PROVISIONAL)
            assert beyond and max(beyond) <= 0, (path, width)


def test_the_way_from_home_to_a_number_s_rows_needs_no_mouse(page, site):
    page.goto(f"{site.url}/")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("in_time")
    page.keyboard.press("Enter")
    hit = page.locator("main").get_by_role("link", name="Incidents solved in time")
    hit.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Incidents solved in time")
    page.get_by_role("link", name="Rows", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="the number shown")).to_be_visible()


def test_paper_has_the_numbers_and_no_navigation(page, site):
    page.goto(f"{site.url}/review/?as_of=2026-01-15")
    page.emulate_media(media="print")
    for gone in (".top-bar", ".page-head .actions"):
        expect(page.locator(gone).first).to_be_hidden()
    expect(page.locator(".kpis tbody tr").first).to_be_visible()


OVERLAPS = """() => {
  const labels = document.querySelector("[data-pm-drawn]").querySelectorAll(".xtick text");
  const boxes = [...labels].map((label) => label.getBoundingClientRect());
  return [boxes.length, boxes.filter((box, n) => n && box.left < boxes[n - 1].right).length];
}"""


def test_the_periods_below_a_chart_stand_side_by_side_on_screen_and_on_paper(page, site):
    """13 months: all fit a desktop's chart, every second one a sheet of paper, every third a phone."""
    page.goto(f"{site.url}/kpis/in_time/?as_of=2025-01-20")
    counts = []
    for width, event in ((1300, "resize"), (1300, "beforeprint"), (390, "resize")):
        page.set_viewport_size({"width": width, "height": 900})
        if width == 390:
            page.reload()
        expect(page.locator("[data-pm-drawn]").first).to_be_visible()
        page.evaluate("event => dispatchEvent(new Event(event))", event)
        page.wait_for_timeout(500)
        count, overlapping = page.evaluate(OVERLAPS)
        assert overlapping == 0, (width, event)
        counts.append(count)
    assert counts == [13, 7, 5]


def test_charts_below_the_fold_are_drawn_before_one_gets_there(page, site):
    page.set_viewport_size({"width": 1280, "height": 400})
    page.goto(f"{site.url}/kpis/in_time/?as_of=2025-01-20")
    charts = page.locator("[data-pm-chart]").count()
    assert charts > 1
    expect(page.locator("[data-pm-drawn] .main-svg:first-child")).to_have_count(charts)
    assert page.evaluate("scrollY") == 0


def test_a_table_s_sum_stands_once_on_paper(page, site):
    page.goto(f"{site.url}/kpis/in_time/?as_of=2026-01-15")
    page.emulate_media(media="print")
    shown = page.locator(".data tfoot").first.evaluate("foot => getComputedStyle(foot).display")
    assert shown == "table-row-group"


def test_the_bar_fits_a_laptop_opens_one_menu_at_a_time_and_sets_the_day(page, site):
    page.goto(f"{site.url}/kpis/")
    for width in (1024, 1280):
        page.set_viewport_size({"width": width, "height": 700})
        expect(page.locator(".top-nav")).to_be_visible()
        assert page.evaluate(FITS)
    analysis, data = (page.locator(".top-nav summary", has_text=word) for word in ("Analysis", "Data"))
    analysis.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Heat map")).to_be_visible()
    data.click()
    expect(page.get_by_role("link", name="Heat map")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Datasets")).to_be_hidden()
    expect(data).to_be_focused()
    page.locator(".user-menu summary").click()
    page.get_by_label("Look from the day").fill("2025-03-15")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".as-of-pill")).to_contain_text("as of 15 Mar 2025")
    expect(page).to_have_url(f"{site.url}/kpis/")
    page.get_by_role("button", name="Look from today again").click()
    expect(page.locator(".as-of-pill")).to_have_count(0)
