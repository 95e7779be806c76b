"""What a column is and how its values are written is proposed, asked, and said before the load."""

from html import unescape

import pytest
from django.urls import reverse

from datasets.facts import contract_of
from datasets.models import Dataset, Upload
from organization.models import UnitAlias
from tests.factories import UnitFactory, perform

from .wizard import codes_asked, dropped, filled

pytestmark = pytest.mark.django_db


def test_a_comma_that_may_be_thousands_or_decimals_must_be_said(client, analyst):
    address = dropped(client, "x.csv", b"id;cost\na;1,234\nb;2,500\n")
    page = client.get(address)
    assert codes_asked(page) == ["decimal_comma"]
    refused = client.post(address, filled(page))
    assert (refused.status_code, Dataset.objects.count()) == (422, 0)
    assert b"thousands separator, or with decimal comma" in refused.content
    said = client.get(address, {"header_row": 1, "delimiter": ";", "decimal_comma": "yes"})
    assert codes_asked(said) == []
    answer = client.post(address, filled(said))
    assert answer.status_code == 302, answer.content[-3000:]
    upload = Upload.objects.get()
    perform(upload.job)
    answer = client.get(reverse("explore"), {"dataset": "x", "total": "sum", "of": "cost", "group": ""})
    assert b"3.734" in answer.content  # 1,234 + 2,500 with decimal commas, not 3,734


def test_a_point_that_may_be_thousands_or_decimals_is_chosen_for_its_column(client, analyst):
    """1.250 kg beside 99,50 EUR: unanswered it loads nothing, and is then read as it was answered."""
    address = dropped(client, "x.csv", b"id;cost;kg\na;99,50;1.250\nb;0,75;2.375\n")
    page = client.get(address)
    assert codes_asked(page) == ["decimal_point"]
    row = page.context["columns"][2]
    assert row.fields["format"].widget.choices == [
        ("", "choose"), ("1.234,56", "1.234,56 (thousands)"), ("1234.56", "1234.56 (decimals)")
    ]  # fmt: skip
    refused = client.post(address, filled(page))
    assert (refused.status_code, Dataset.objects.count()) == (422, 0)
    assert b"Say whether its points or commas part thousands or decimals." in refused.content
    assert client.post(address, {**filled(page), "c-2-format": "1234.56"}).status_code == 302
    perform(Upload.objects.get().job)
    answer = client.get(reverse("explore"), {"dataset": "x", "total": "sum", "of": "kg", "group": ""})
    assert b"3.625" in answer.content  # 1.250 + 2.375, not 3,625
    contract = contract_of(Dataset.objects.get())
    assert [column.format for column in contract.columns] == ["", "", "1234.56"]


@pytest.mark.parametrize(
    ("changed", "field", "why"),
    [
        ({"c-1-format": "DD.MM.YYYY XX"}, "format", "day: '31.01.2025' is not a date written as day.month.year XX"),
        ({"c-1-format": "MM/DD/YYYY"}, "format", "day: '31.01.2025' is not a date written as month/day/year"),
        ({"c-0-type": "integer"}, "type", "id: 'a' is not a whole number"),
    ],
)
def test_what_would_reject_every_row_is_told_before_the_load(client, analyst, changed, field, why):
    address = dropped(client, "x.csv", b"id,day,cost\na,31.01.2025,2\nb,28.02.2025,3\n")
    form = filled(client.get(address)) | {"c-1-must_choose": ""}
    refused = client.post(address, form | changed)
    assert (refused.status_code, Dataset.objects.count()) == (422, 0)
    ((name, said),) = [(name, said) for row in refused.context["columns"] for name, said in row.errors.items()]
    assert name == field and said[0].startswith(f"Every row would be set aside: no value looked at is read. {why}")
    assert client.post(address, form).status_code == 302


def test_a_calculated_column_words_for_nothing_and_a_rule_of_the_row_are_declared_in_the_wizard(client, analyst):
    rows = b"id,opened,closed,cost,note\n1,2025-01-01,2025-01-03,4,x\n2,2025-01-05,2025-01-04,6,x\n"
    rows += b"3,2025-01-05,2025-01-06,?,x\n"
    address = dropped(client, "x.csv", rows)
    sent = filled(client.get(address))
    sent |= {"c-3-type": "number", "c-3-missing": '?,"a, b"', "c-4-drop": "on", "reject_limit_pct": "50"}
    sent |= {"c-5-name": "half", "c-5-type": "number", "rules": "closed >= opened\n"}
    refused = client.post(address, sent)
    assert (refused.status_code, b"how the new column is calculated" in refused.content) == (422, True)
    answer = client.post(address, sent | {"c-5-formula": "cost / 2"})
    assert answer.status_code == 302, answer.content[-3000:]
    upload = Upload.objects.get()
    perform(upload.job)
    upload.refresh_from_db()
    dataset = Dataset.objects.get()
    contract = contract_of(dataset)
    assert [column.name for column in contract.columns] == ["id", "opened", "closed", "cost", "half"]
    assert contract.column("cost").missing == ("?", "a, b")
    answer = client.get(reverse("rejects", args=[upload.public_id]), {"as": "csv"})
    assert f'filename="rejects-{upload.pk}-x.csv"' in answer["Content-Disposition"]
    listed = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert listed.splitlines()[0].endswith("id,opened,closed,cost,note")  # as they stand in the file
    assert (upload.accepted, upload.rejected) == (2, 1)  # the second is closed before it is opened
    answer = client.get(reverse("explore"), {"dataset": "x", "total": "sum", "of": "half"})
    assert b"2.0" in answer.content  # 4 / 2; nothing of the ?

    page = client.get(reverse("dataset_contract", args=[dataset.code]))
    shown = client.post(reverse("dataset_contract", args=[dataset.code]), {**filled(page), "show": ""})
    assert shown.context["changes"] == []  # the contract's page sends back what it shows


def test_what_was_found_is_said_before_the_load(client, analyst):
    """31/02 in a column of dates, and a row with one value too many: the person reads it beside the preview."""
    days = "".join(f"k{day};{day:02d}/03/2025\n" for day in range(1, 29))
    address = dropped(client, "x.csv", f"id;opened\n{days}k29;31/02/2025\nk30;01/03/2025;5\n".encode())
    page = client.get(address)
    said = page.content.decode()
    assert "&#x27;31/02/2025&#x27;, not dates written day/month/year." in said
    assert "Rows that do not have 2 values are set aside when the file is loaded: 31 (3 values)." in said
    assert client.post(address, filled(page)).status_code == 302
    upload = Upload.objects.get()
    perform(upload.job)
    upload.refresh_from_db()
    assert (upload.state, upload.rejected) == ("refused", 2)  # 2 of 30 is more than 5 %


def test_amounts_with_a_currency_and_brackets_are_loaded_as_the_page_says_they_are_read(client, analyst):
    """A later amount in another currency is set aside, with the reason."""
    rows = "".join(f"k{n};$0.00\n" for n in range(3, 60))
    address = dropped(client, "x.csv", f"id;cost\nk1;$1,234.50\nk2;($100.25)\n{rows}".encode())
    page = client.get(address)
    said = unescape(page.content.decode())
    assert "cost: '$1,234.50' is read as 1234.50 and '($100.25)' is read as -100.25." in said
    assert "<small>numbers may have parentheses,$</small>" in said
    assert '<details class="disclosure form-table"><summary class="btn btn-sm">' in said  # closed until it is used
    assert client.post(address, filled(page)).status_code == 302
    first = Upload.objects.get()
    perform(first.job)
    first.refresh_from_db()
    assert (first.accepted, first.rejected) == (59, 0)
    later = {"dataset": first.dataset.code}
    dropped(client, "y.csv", f"id;cost\nk1;€1,234.50\n{rows}".encode(), **later)
    second = Upload.objects.latest("pk")
    perform(second.job)
    assert [(one.row, one.column, one.message) for one in second.rejects.all()] == [
        (2, "cost", "cost: '€1,234.50' carries €; declare that the column's numbers may have €.")
    ]


def test_a_column_called_like_units_is_one_only_if_it_holds_codes_of_units(client, analyst):
    UnitFactory(code="north", parent=analyst.memberships.get().unit)
    rows = "id,team,cost\n1,{0},2\n2,South,3\n"
    page = client.get(dropped(client, "x.csv", rows.format("East").encode()))
    assert page.context["columns"][1]["roles"].value() == ["dimension"]
    assert any("East, South are no codes of units" in note for note in page.context["notes"])
    page = client.get(dropped(client, "y.csv", rows.format("North").encode()))
    assert page.context["columns"][1]["roles"].value() == ["unit"]
    assert not page.context["notes"]


def test_a_column_that_holds_codes_of_units_is_proposed_as_such_whatever_it_is_called(client, analyst, home):
    """Linie holds our own codes; Werk those that a system of ours uses, and pieces are numbers all the same."""
    for number, code in enumerate(("L-1", "L-2"), start=1):
        UnitAlias.objects.create(unit=UnitFactory(code=code, parent=home), system="SAP", code=f"101{number}")
    page = client.get(dropped(client, "x.csv", b"id,Linie,pieces\n1,L-1,2\n2,L-2,3\n"))
    assert [column["roles"].value() for column in page.context["columns"]][:3] == [["key"], ["unit"], ["measure"]]
    assert "Linie: L-1, L-2 are codes of units, so it is proposed as the unit column." in page.context["notes"]
    page = client.get(dropped(client, "y.csv", b"id,Werk,pieces\na,1011,2\nb,1012,3\n"))
    row = page.context["columns"][1]
    assert (row["roles"].value(), row["type"].value()) == (["unit"], "text")
    assert any("They are codes of SAP: write it under “Code system”." in note for note in page.context["notes"])
    page = client.get(dropped(client, "z.csv", b"id,team,Linie\na,East,L-1\nb,South,L-2\n"))
    assert [column["roles"].value() for column in page.context["columns"]][1:3] == [["dimension"], ["unit"]]


def test_a_later_file_that_writes_its_numbers_otherwise_is_read_again_from_its_own_page(client, analyst):
    """The dataset's numbers have a point; a later extract, of another system, has decimal commas."""
    first = dropped(client, "x.csv", b"id;cost\nk1;1.5\nk2;2.25\n")
    assert client.post(first, filled(client.get(first))).status_code == 302
    perform(Upload.objects.get().job)
    dropped(client, "y.csv", b"id;cost\nk3;13,50\nk4;4,75\n", dataset="x")
    later = Upload.objects.latest("pk")
    perform(later.job)
    address = reverse("upload_confirm", args=[later.public_id])
    assert f'href="{address}"' in client.get(later.get_absolute_url()).content.decode()
    rejected = unescape(client.get(reverse("rejects", args=[later.public_id])).content.decode())
    assert "cost: '13,50' has a decimal comma, which is not declared; write it with a decimal point" in rejected
    page = client.get(address, {"header_row": 1, "delimiter": ";", "decimal_comma": "yes"})
    assert client.post(address, filled(page)).status_code == 302
    later.refresh_from_db()
    perform(later.job)
    later.refresh_from_db()
    assert (later.state, later.accepted, Dataset.objects.count()) == ("loaded", 2, 1)


def test_without_a_record_key_it_is_said_that_a_record_that_comes_again_counts_again(client, analyst, home):
    keyless = client.get(dropped(client, "x.csv", b"day,cost\n2025-01-31,2\n2025-01-31,2\n2025-02-28,2\n")).content
    keyed = client.get(dropped(client, "y.csv", b"id,day,cost\n1,2025-01-31,2\n2,2025-02-28,3\n")).content
    assert (b"No column is the record key" in keyless, b"No column is the record key" in keyed) == (True, False)
