"""Questions kept under a name: changed by keeping them again, taken out as files, removed by whoever made them."""

from io import BytesIO

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from datasets.explore import QuestionRefused
from datasets.forms_explore import address_of
from datasets.models import SavedView
from datasets.saved_views import save_view
from organization.models import AuditEntry
from organization.models import Role as Member
from tests.datasets.test_pages import CONTRACT
from tests.factories import loaded_dataset, member
from tests.pages import signed_in, text_of

pytestmark = pytest.mark.django_db
ROWS = "id,day,cost,site\n1,2025-01-01,10,north\n2,2025-01-02,20,south\n3,2025-02-03,5,south\n"
BY_SITE = {"groups": [{"column": "site"}], "totals": [{"function": "sum", "column": "cost"}]}


@pytest.fixture
def orders(home):
    return loaded_dataset(ROWS, CONTRACT, unit=home, code="orders")


def test_a_view_is_shown_with_its_author_and_taken_out_as_a_file(client, analyst, orders):
    view = save_view(orders, name="Costs by site", question=BY_SITE, by=analyst)
    address = reverse("saved_view", args=[view.pk])
    assert f"A kept view of {orders.name}, by {analyst}" in text_of(client.get(address))
    kept = client.get(address, {"as": "csv"})
    assert kept.getvalue().decode("utf-8-sig").split()[1:] == ["north,10.0", "south,25.0"]
    assert 'filename="orders-Costs-by-site.csv"' in kept["Content-Disposition"]
    book = load_workbook(BytesIO(client.get(address, {"as": "xlsx"}).getvalue()))
    rows = [[cell.value for cell in row] for row in book["Answer"].iter_rows()]
    assert rows[1:] == [["north", 10], ["south", 25], [None, None], ["All rows", 35]]
    assert (book["Answer"]["B5"].font.bold, book["Answer"].auto_filter.ref) == (True, "A1:B3")


def test_a_pivot_has_all_rows_below_and_all_columns_at_its_right_but_not_in_its_csv(client, analyst, orders):
    asked = {"dataset": "orders", "group": "day", "period": "month", "pivot": "site", "total": "avg", "of": "cost"}
    page = client.get(reverse("explore"), asked | {"chart": "bar"})
    answer = page.context["answer"]
    assert (answer.columns, [row[1:] for row in answer.rows]) == (
        ("day_month", "north", "south"),
        [[10, 20], [None, 5]],
    )
    assert (answer.all_rows, answer.all_columns) == ([10, 12.5], [15, 5, pytest.approx(35 / 3)])
    assert '<th scope="row">All rows</th>' in page.content.decode() and '"num">All</th>' in page.content.decode()
    assert [line["name"] for line in page.context["chart"].figure["data"]] == ["north", "south"]
    lines = client.get(reverse("explore"), asked | {"as": "csv"}).getvalue().decode("utf-8-sig").split()
    assert lines == ["day_month,north,south", "2025-01-01,10.0,20.0", "2025-02-01,,5.0"]
    book = load_workbook(BytesIO(client.get(reverse("explore"), asked | {"as": "xlsx"}).getvalue()))
    rows = [[cell.value for cell in row][1:] for row in book["Answer"].iter_rows()]
    assert rows[:3] == [["north", "south", "All"], [10, 20, 15], [None, 5, 5]]
    assert rows[4] == [10, 12.5, pytest.approx(35 / 3)]


def test_a_view_is_changed_in_explore_and_kept_again_under_its_name(client, analyst, orders):
    asked = {"group": "day", "period": "month", "group2": "site", "total": "avg", "of": "cost", "chart": "bar"}
    asked |= {
        "where": "site",
        "operator": "not_in",
        "value": 'west,"a,b"',
        "where2": "cost",
        "operator2": "gt",
        "value2": "4",
    }
    client.post(reverse("view_save", args=["orders"]), {**asked, "view_name": "Costs"})
    view = SavedView.objects.get()
    assert address_of(view.question, CONTRACT) == asked  # the form says the same again
    page = client.get(reverse("saved_view", args=[view.pk])).content.decode()
    assert "?dataset=orders&amp;total=avg" in page
    assert client.get(reverse("explore"), {"dataset": "orders", **asked}).context["answer"].rows[0][1:] == ["north", 10]
    client.post(reverse("view_save", args=["orders"]), {**asked, "total": "sum", "view_name": "costs"})
    view = SavedView.objects.get()  # still one
    assert (view.name, view.question["totals"][0]["function"]) == ("costs", "sum")
    actions = AuditEntry.objects.filter(object_type__contains="view").order_by("seq").values_list("action", flat=True)
    assert list(actions) == ["view saved", "view changed"]


def test_the_numbers_of_its_chart_write_days_as_the_table_does(client, analyst, orders):
    question = {"groups": [{"column": "day", "unit": "month"}], "totals": [{"function": "count"}], "chart": "bar"}
    view = save_view(orders, name="Rows by month", question=question, by=analyst)
    page = client.get(reverse("saved_view", args=[view.pk])).content.decode()
    assert '<th scope="row" data-value="2025-01-01">2025-01-01</th><td class="num" data-value="2">' in page


@pytest.mark.parametrize(
    "more",
    [
        {"totals": [{"function": "count"}, {"function": "sum", "column": "cost"}]},
        {"groups": [{"column": name} for name in ("site", "day", "cost")]},
        {"limit": 5},
        {"filters": [{"column": "cost", "operator": "gt", "values": [1]}] * 5},
    ],
)
def test_what_the_form_cannot_ask_is_not_offered_for_change(client, analyst, orders, more):
    assert address_of(BY_SITE | more, CONTRACT) is None
    view = save_view(orders, name="By REST", question=BY_SITE | more, by=analyst)
    assert ">Change<" not in client.get(reverse("saved_view", args=[view.pk])).content.decode()


def test_another_s_name_is_taken(analyst, orders, home):
    save_view(orders, name="Costs", question=BY_SITE, by=analyst)
    with pytest.raises(QuestionRefused, match=f"{analyst} keeps a view under the name Costs"):
        save_view(orders, name="costs ", question=BY_SITE, by=member(Member.VIEWER, home))


def test_its_author_removes_it_and_another_viewer_does_not(analyst, orders, home):
    author, other = member(Member.VIEWER, home), member(Member.VIEWER, home)
    view = save_view(orders, name="Costs", question=BY_SITE, by=author)
    address, remove = reverse("saved_view", args=[view.pk]), reverse("view_remove", args=[view.pk])
    assert remove not in signed_in(other).get(address).content.decode()
    assert signed_in(other).post(remove).status_code == 403
    mine = signed_in(author)
    assert remove in mine.get(address).content.decode()
    assert "Costs is no longer kept" in text_of(mine.post(remove, follow=True))
    assert not SavedView.objects.exists() and mine.get(address).status_code == 404
