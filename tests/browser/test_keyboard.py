"""The main pages by keyboard alone: each stop is seen, none holds one fast, and the place is kept."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = (
    "/",
    "/scorecards/operations/?as_of=2026-01-15",
    "/heatmap/?as_of=2026-01-15",
    "/kpis/in_time/?as_of=2025-04-10",
    "/kpis/in_time/edit/",
    "/targets/?kpi=in_time",
    "/explore/?dataset=incidents",
)
MOST = 250

# Of what has the focus: its place among all elements, its name, and what hides it. What slides in is asked once drawn.
STOP = """async () => {
    await new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    const node = document.activeElement;
    if (!node || node === document.body) return null;
    const style = getComputedStyle(node), box = node.getBoundingClientRect();
    const ringed = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    const isThere = box.width > 1 && box.height > 1 && box.bottom > 0 && box.right > 0;
    const inside = isThere && box.top < innerHeight && box.left < innerWidth;
    const top = document.querySelector('.top-bar').getBoundingClientRect().bottom;
    const covered = !node.closest('.top-bar, .skip') && box.bottom <= top;
    const said = node.getAttribute('aria-label') || node.innerText || node.name || node.id;
    const name = `${node.tagName} ${said.slice(0, 60)}`;
    const at = [...document.querySelectorAll('*')].indexOf(node);
    return { at, name, fault: !ringed ? 'no ring' : !inside ? 'out of view' : covered ? 'below the bar' : '' };
}"""


@pytest.mark.parametrize("path", PAGES)
def test_each_stop_is_seen_follows_the_page_and_none_is_a_trap(page, site, path):
    page.goto(site.url + path)
    page.wait_for_load_state("networkidle")
    stops = []
    for _ in range(MOST):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None:
            break
        stops.append(stop)
    assert 15 < len(stops) < MOST  # the bar alone has about fifteen
    assert [f"{stop['name']}: {stop['fault']}" for stop in stops if stop["fault"]] == []
    places = [stop["at"] for stop in stops]
    assert places == sorted(places)


def test_a_menu_opens_by_enter_closes_by_escape_and_when_tab_leaves_it(page, site):
    page.goto(site.url)
    menu = page.locator(".top-nav details.menu").first
    opener = menu.locator("summary")
    opener.focus()
    page.keyboard.press("Enter")
    expect(menu).to_have_attribute("open", "")
    page.keyboard.press("Tab")
    expect(menu.get_by_role("link").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(opener).to_be_focused()
    page.keyboard.press("Space")
    expect(menu).to_have_attribute("open", "")
    for _ in range(menu.get_by_role("link").count() + 1):
        page.keyboard.press("Tab")
    expect(menu).not_to_have_attribute("open", "")


def test_a_choice_that_loads_the_page_anew_keeps_the_focus_on_its_field(page, site):
    page.goto(site.url + "/kpis/in_time/?as_of=2025-04-10")
    page.get_by_role("combobox").first.focus()
    name = page.evaluate("document.activeElement.name")
    with page.expect_navigation():
        page.keyboard.press("ArrowDown")
    expect(page.locator(f".chooser [name={name}]")).to_be_focused()
    page.reload()
    expect(page.locator(f".chooser [name={name}]")).not_to_be_focused()  # once, and not for ever


def test_a_kind_that_brings_other_fields_keeps_the_focus_in_the_designer(page, site):
    page.goto(site.url + "/kpis/in_time/edit/")
    page.locator("#id_kind").focus()
    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true"):
        page.keyboard.press("ArrowDown")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#id_kind")).to_be_focused()


def test_a_scorecards_tree_is_walked_and_folded_by_arrows(page, site):
    page.goto(site.url + "/scorecards/operations/?as_of=2026-01-15")
    rows = page.locator("tr[aria-level]")
    rows.first.focus()
    page.keyboard.press("ArrowLeft")
    expect(rows.first).to_have_attribute("aria-expanded", "false")
    expect(rows.nth(1)).to_be_hidden()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("Home")
    expect(rows.first).to_be_focused()
