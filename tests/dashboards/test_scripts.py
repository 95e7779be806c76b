"""What the scripts do in a real browser, under the real content security policy."""

import pytest
from django.test import RequestFactory
from playwright.sync_api import Page, expect

from doors import errors

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.dashboards.styleguide_urls"),
]


@pytest.fixture
def page(threads_end, live_server, windows):
    """The style guide; nothing goes elsewhere."""
    opened, elsewhere = windows(live_server.url, color_scheme="light", viewport={"width": 1440, "height": 900}), []
    ours = (live_server.url, "data:", "blob:")
    opened.on("request", lambda call: None if call.url.startswith(ours) else elsewhere.append(call.url))
    opened.goto("/styleguide/")
    yield opened
    assert elsewhere == []


def test_charts_are_drawn_without_a_cloud_button_and_redrawn_in_the_other_theme(page: Page):
    chart = page.locator("#trend .chart-canvas")
    chart.scroll_into_view_if_needed()
    line = chart.locator(".scatterlayer .trace path.js-line").first
    expect(line).to_be_visible()
    assert page.locator(".modebar-btn[data-title*='loud'], .modebar-btn--logo").count() == 0
    before = page.locator("#trend .xtick text").first.evaluate("node => getComputedStyle(node).fill")
    page.locator("[data-pm-theme]").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(page.locator("#trend .xtick text").first).not_to_have_css("fill", before)
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")  # the choice is kept


def test_a_chart_on_a_phone_has_its_whole_legend_and_nothing_over_its_lines(page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    chart = page.locator("#trend .chart-canvas")
    chart.scroll_into_view_if_needed()
    expect(chart.locator(".legendtext").first).to_be_visible()
    expect(chart.locator(".modebar-btn")).to_have_count(0)
    box, names = chart.bounding_box(), [name.bounding_box() for name in chart.locator(".legendtext").all()]
    assert len(names) > 4
    assert max(name["x"] + name["width"] for name in names) <= box["x"] + box["width"]
    assert max(name["y"] + name["height"] for name in names) <= box["y"] + box["height"]
    assert chart.locator(".bglayer, .plot").last.bounding_box()["height"] > 100  # the lines keep their room


def test_slash_goes_to_the_search_and_is_a_letter_there(page: Page):
    page.keyboard.press("/")
    expect(page.locator("[data-pm-search]")).to_be_focused()
    page.keyboard.type("a/b")
    expect(page.locator("[data-pm-search]")).to_have_value("a/b")


def test_a_tree_folds_by_arrow_keys_and_moves_over_what_is_folded(page: Page):
    rows = page.locator("[data-pm-tree] tbody tr")
    rows.nth(0).focus()
    page.keyboard.press("ArrowLeft")
    expect(rows.nth(0)).to_have_attribute("aria-expanded", "false")
    expect(rows.nth(1)).to_be_hidden()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(5)).to_be_focused()  # the next node
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    expect(rows.nth(1)).to_be_visible()


def test_a_block_from_a_spreadsheet_fills_the_grid_from_the_cell_on_and_is_undone_as_one(page: Page):
    cells = page.locator("[data-pm-grid] input")
    before = [cells.nth(i).input_value() for i in (2, 3, 6, 7)]
    cells.nth(2).focus()
    cells.nth(2).evaluate(
        """node => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", "97.1\\t97.2\\r\\n7.11\\t7.12\\t9\\r\\n");
            node.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }"""
    )
    assert [cells.nth(i).input_value() for i in (2, 3, 6, 7)] == ["97.1", "97.2", "7.11", "7.12"]
    expect(page.locator("#pm-notices")).to_contain_text("1 pasted cell lies outside the grid")
    page.keyboard.press("ArrowDown")
    expect(cells.nth(6)).to_be_focused()
    page.keyboard.press("Control+z")
    assert [cells.nth(i).input_value() for i in (2, 3, 6, 7)] == before  # the block, and nothing but it


def test_a_step_that_cannot_be_undone_asks_once(page: Page):
    page.get_by_role("button", name="Take back upload").click()
    dialog = page.get_by_role("dialog", name="Take back upload 118?")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Keep").click()
    expect(dialog).to_be_hidden()


FAILED = """([status, type, body]) => document.dispatchEvent(new CustomEvent("htmx:responseError", {
    detail: { xhr: { status, responseText: body, getResponseHeader: () => type } },
}))"""


def test_a_part_that_fails_says_what_its_answer_says(page: Page):
    notices = page.locator("#pm-notices")
    fault = errors.unavailable(RequestFactory().get("/kpis/")).content.decode()
    page.evaluate(FAILED, [503, "text/html", fault])
    expect(notices).to_contain_text("perfmgr is not ready. The database does not answer just now.")
    page.evaluate(FAILED, [409, "application/problem+json", '{"title": "Conflict", "detail": "Look again."}'])
    expect(notices).to_contain_text("Conflict. Look again.")
    page.evaluate(FAILED, [502, "text/html", "<h1>Bad gateway</h1>"])
    expect(notices).to_contain_text("The server could not do this.")


def test_at_390_pixels_nothing_is_wider_than_the_screen(page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    html = page.locator("html")
    expect(html).to_have_js_property("scrollWidth", 390, timeout=20_000)  # once its charts are drawn anew
    expect(page.locator("[data-pm-tree] thead")).to_have_css("position", "absolute")  # rows are entries of a list
    words = f'<p class="adds-up"><span class="pm-status"><span>{"rows add up to it " * 9}</span></span></p>'
    page.evaluate("words => document.querySelector('main').insertAdjacentHTML('beforeend', words)", words)
    expect(html).to_have_js_property("scrollWidth", 390)


def test_a_part_that_fails_to_load_says_so_in_its_place(page: Page):
    page.evaluate("""() => {
        document.querySelector("main").insertAdjacentHTML("afterbegin",
            '<div id="part" hx-trigger="load"><div class="job-progress">Reading</div></div>');
        const problem = { title: "Conflict", detail: "A file is damaged.", next_step: "Tell an administrator." };
        document.dispatchEvent(new CustomEvent("htmx:responseError", { detail: {
            elt: document.getElementById("part"),
            xhr: { status: 409, responseText: JSON.stringify(problem), getResponseHeader: () => "application/json" },
        } }));
    }""")
    expect(page.locator("#part .problems")).to_have_text("Conflict. A file is damaged. Tell an administrator.")
    expect(page.locator("#pm-notices .notice")).to_have_count(0)


def test_the_open_tab_is_in_view_on_a_narrow_screen(page: Page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate("""() => {
        const current = (n) => (n === 8 ? " aria-current=page" : "")
        const tabs = [...Array(9)].map((_, n) => `<li><a href="#"${current(n)}>Part number ${n}</a></li>`)
        document.querySelector(".tabs ul").innerHTML = tabs.join("")
        document.dispatchEvent(new CustomEvent("htmx:load", { detail: { elt: document.body } }))
    }""")
    expect(page.locator(".tabs [aria-current]").first).to_be_in_viewport(ratio=0.9)
