"""How an extract is read is asked and never guessed: in the wizard, and over REST before a contract is confirmed."""

import io
from html import unescape

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from datasets.facts import contract_of
from datasets.models import Dataset, Upload
from lake.contract import Column, Contract
from lake.contract import Role as ColumnRole
from organization.models import Role, UnitAlias
from tests.factories import UnitFactory, loaded_dataset, member, perform

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    return UnitFactory(code="home")


@pytest.fixture
def analyst(client, home):
    user = member(Role.ANALYST, home)
    client.force_login(user)
    return user


def dropped(client, name: str, content: bytes, **more) -> str:
    """The address of the page that asks how the file is read."""
    answer = client.post(reverse("upload_new"), {"file": SimpleUploadedFile(name, content), **more})
    assert answer.status_code == 302, answer.content[-2000:]
    return answer["Location"]


def filled(page) -> dict:
    """The forms of the page as the browser would send them back unchanged."""
    sent = {"dialect": page.context.get("dialect", "")}
    columns = page.context["columns"]
    for form in (page.context["form"], page.context.get("about") or (), columns.management_form, *columns):
        for field in form:
            value = getattr(field.value(), "pk", field.value())
            if value not in (None, "", False):
                sent[field.html_name] = value
    return sent


def codes_asked(page) -> list[str]:
    return [question["code"] for question in page.context["questions"]]


def test_title_lines_sheets_and_delimiters_are_asked_until_somebody_says_so(client, analyst):
    address = dropped(client, "x.csv", b"Monthly export\nas of March,,\nid,day,cost\n1,2025-01-31,2\n2,2025-02-28,3\n")
    assert codes_asked(client.get(address)) == ["header_row"]
    said = client.get(address, {"header_row": 3, "delimiter": ",", "encoding": "utf-8"})
    assert codes_asked(said) == []
    assert [form["header"].value() for form in said.context["columns"]][:3] == ["id", "day", "cost"]


def test_a_workbook_of_two_sheets_asks_which(client, analyst):
    kept = io.BytesIO()
    with xlsxwriter.Workbook(kept) as book:
        for name in ("First", "Second"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["id", "cost"])
            sheet.write_row(1, 0, ["a", 1])
    address = dropped(client, "x.xlsx", kept.getvalue())
    assert codes_asked(client.get(address)) == ["sheet"]
    assert codes_asked(client.get(address, {"header_row": 1, "sheet": "Second"})) == []


def test_another_sheet_is_read_from_its_own_header_on(client, analyst):
    """A cover of one line, and a table whose header stands in row 3: nobody has to count."""
    kept = io.BytesIO()
    with xlsxwriter.Workbook(kept) as book:
        book.add_worksheet("Cover").write_row(0, 0, ["Monthly pack"])
        table = book.add_worksheet("Data")
        for place, row in enumerate((["Queues"], [], ["id", "cost"], ["a", 1], ["b", 2])):
            table.write_row(place, 0, row)
    address = dropped(client, "x.xlsx", kept.getvalue())
    proposed = client.get(address)
    assert sorted(codes_asked(proposed)) == ["header_row", "sheet"]
    form = proposed.context["dialect_form"]
    assert form.fields["sheet"].widget.choices == [("Cover", "Cover"), ("Data", "Data")]
    sent = {field.name: field.value() for field in form if field.value() is not None}
    form = client.get(address, sent | {"sheet": "Cover"}).context["dialect_form"]
    sent = {field.name: field.value() for field in form if field.value() is not None}
    read = client.get(address, sent | {"sheet": "Data"})
    assert (codes_asked(read), read.context["headers"]) == (["header_row"], ["id", "cost"])
    assert "Row 3 looks like the header, below: Queues. Is that right?" in read.content.decode()
    assert read.context["questions"][0]["step"].startswith("If not, correct “Header in row” under")
    form = read.context["dialect_form"]
    sent = {field.name: field.value() for field in form if field.value() is not None}
    assert (sent["sheet"], sent["header_row"]) == ("Data", 3)
    assert codes_asked(client.get(address, sent)) == []


@pytest.mark.parametrize(("yes", "no"), [("oui", "non"), ("wahr", "falsch"), ("vrai", "faux"), ("yes", "no")])
def test_words_that_are_proposed_as_yes_or_no_are_read_as_that(client, analyst, yes, no):
    address = dropped(client, "x.csv", f"id,late\n1,{yes}\n2,{no}\n3,{yes}\n".encode())
    page = client.get(address)
    assert page.context["columns"][1]["type"].value() == "boolean"
    client.post(address, filled(page))
    upload = Upload.objects.get()
    perform(upload.job)
    upload.refresh_from_db()
    assert (upload.accepted, upload.rejected) == (3, 0)


def test_a_dialect_that_cannot_be_read_stays_in_its_form(client, analyst):
    address = dropped(client, "x.csv", b"Export,,\nid,day,cost\n1,2025-01-31,2\n")
    sent = {"header_row": 99, "delimiter": ",", "encoding": "utf-8"}
    page = client.get(address, sent)
    assert (page.status_code, page.context["dialect_form"]["header_row"].value()) == (422, "99")
    assert "Read again" in page.content.decode()


def test_a_total_that_is_to_be_left_out_is_neither_asked_nor_read(client, analyst):
    address = dropped(client, "x.csv", b"id,day,cost\n1,2025-01-31,2\n2,2025-02-28,3\nTotal,,5\n")
    page = client.get(address)
    assert codes_asked(page) == ["total_row"]
    form = {field.name: field.value() for field in page.context["dialect_form"] if field.value() is not None}
    said = client.get(address, form | {"total_words": "total"})
    assert (codes_asked(said), said.context["preview"].sampled_rows) == ([], 2)
    assert said.context["columns"][0]["type"].value() == "integer"
    client.post(address, filled(said))
    upload = Upload.objects.get()
    perform(upload.job)
    upload.refresh_from_db()
    assert (upload.rows_read, upload.accepted, upload.left_out) == (3, 2, 1)
    counts = client.get(upload.get_absolute_url()).content.decode()
    assert '<dt title="Blank rows, and totals">Left out</dt><dd><span class="number">1</span></dd>' in counts


def test_how_a_file_is_written_is_asked_as_far_as_such_a_file_says_it(client, analyst):
    csv = client.get(dropped(client, "x.csv", b"id,day,cost\n1,2025-01-31,2\n")).context["dialect_form"]
    assert "sheet" not in [field.name for field in csv.visible_fields()]
    address = dropped(client, "x.jsonl", b'{"id": 1, "total": 2}\n{"id": 2, "total": 3}\n')
    lines = client.get(address).context["dialect_form"]
    assert [field.name for field in lines.visible_fields()] == ["decimal_comma", "thousands", "total_words"]
    sent = {field.name: field.value() for field in lines if field.value() is not None}
    again = client.get(address, sent | {"decimal_comma": "yes"})
    assert '"decimal_comma": true' in again.context["dialect"]


def test_a_question_s_step_names_the_field_as_a_table_and_as_a_list_name_it(client, analyst):
    rows = "".join(f"k{n},0{n % 9 + 1}/05/2025\n" for n in range(20))
    page = client.get(dropped(client, "x.csv", f"id,opened\n{rows}".encode()))
    (question,) = page.context["questions"]
    assert question["step"] == "Choose under “Written as” below."
    said = page.content.decode()
    assert '<th scope="col">Written as</th>' in said and 'data-label="Written as"' in said


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


def test_a_declared_encoding_is_kept_while_the_rest_is_asked(client, analyst):
    text = "Bericht\n;;\nid;Ort;Betrag\n1;Köln;1\n2;Ulm;2\n".encode("cp1252")
    page = client.get(dropped(client, "x.csv", text, encoding="cp1252"))
    assert codes_asked(page) == ["header_row"]
    assert page.context["preview"].first_rows[0] == ("1", "Köln", "1")


def test_a_dataset_s_encoding_does_not_turn_another_file_into_other_words(client, analyst):
    rows = "id;Ort;Betrag\n1;Köln;1\n2;Ulm;2\n"
    address = dropped(client, "x.csv", rows.encode("cp1252"), encoding="cp1252")
    assert client.post(address, filled(client.get(address))).status_code == 302
    later = rows.replace("Ulm", "Fürth")
    asked = client.post(reverse("upload_new"), {"dataset": "x", "file": SimpleUploadedFile("y.csv", later.encode())})
    assert "encoding utf-8 instead of cp1252" in client.get(asked["Location"]).content.decode()
    assert client.get(asked["Location"]).context["preview"].first_rows[1][1] == "Fürth"
    sent = {"dataset": "x", "encoding": "utf-8", "file": SimpleUploadedFile("y.csv", later.encode())}
    assert client.post(reverse("upload_new"), sent).status_code == 302
    perform(Upload.objects.latest("pk").job)
    assert Upload.objects.latest("pk").accepted == 2


def test_a_header_without_rows_makes_an_empty_dataset_and_says_so(client, analyst):
    address = dropped(client, "x.csv", b"id,place\n")
    page = client.get(address)
    assert b"its header and no rows" in page.content
    answer = client.post(address, filled(page))
    perform(Upload.objects.get().job)
    assert b"nothing was added, nothing replaced" in client.get(answer["Location"]).content


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


def test_questions_with_the_same_answer_say_it_once_and_what_is_likely_is_chosen(client, analyst):
    """Pieces of 1.014 and 985: most likely thousands, which stand in the form to be seen."""
    page = client.get(dropped(client, "x.csv", b"id;min;all;good\na;12,5;1.014;1.001\nb;0,5;985;970\n"))
    steps = [question["step"] for question in page.context["questions"]]
    assert steps[0] == "" and steps[1].startswith("Choose under “Written as” below; or, for all such columns")
    row = page.context["columns"][2]
    assert (row["format"].value(), row["type"].value()) == ("1.234,56", "integer")
    assert client.post(page.request["PATH_INFO"], filled(page)).status_code == 302
    perform(Upload.objects.get().job)
    answer = client.get(reverse("explore"), {"dataset": "x", "total": "sum", "of": "all", "group": ""})
    assert b"1999" in answer.content  # 1014 + 985


def test_polish_windows_is_among_the_encodings_that_may_be_declared(client, analyst):
    text = "id,miasto\n1,Kraków\n2,Łódź\n".encode("cp1250")
    refused = client.post(reverse("upload_new"), {"file": SimpleUploadedFile("x.csv", text)})
    assert refused.status_code == 422 and 'href="?encoding=cp1250"' in refused.content.decode()
    page = client.get(dropped(client, "x.csv", text, encoding="cp1250"))
    assert page.context["preview"].first_rows == (("1", "Kraków"), ("2", "Łódź"))


def test_a_load_that_is_refused_whole_leads_back_to_how_it_is_read(client, analyst):
    address = dropped(client, "x.csv", b"id,cost\nk1,5\nk2,6\nk3,7\n")
    assert client.post(address, {**filled(client.get(address)), "c-1-maximum": "6"}).status_code == 302
    upload = Upload.objects.get()
    perform(upload.job)
    page = client.get(upload.get_absolute_url()).content.decode()
    assert "See the rejected rows" in page and f'href="{address}"' in page
    rejected = client.get(reverse("rejects", args=[upload.public_id])).content.decode()
    assert "nothing of it is stored" in rejected and "Keep the correction" not in rejected
    correct = reverse("reject_correct", args=[upload.public_id, 4])
    answer = client.post(correct, {"cell:cost": "6"}, HTTP_HX_REQUEST="true")
    assert b"only a loaded one has rejects to correct" in answer.content
    again = client.get(address)
    assert again.context["columns"][1]["maximum"].value() == 6.0  # as it was confirmed, not as it was proposed
    assert client.post(address, {**filled(again), "c-1-maximum": "7"}).status_code == 302
    upload.refresh_from_db()
    perform(upload.job)
    upload.refresh_from_db()
    assert (upload.state, upload.accepted) == ("loaded", 3)


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


def test_a_file_that_is_loaded_elsewhere_is_said_to_be_where_the_reader_may_see_it(client, analyst, home):
    content = b"id,day,cost\n1,2025-01-31,2\n2,2025-02-28,3\n"
    id_column = Column("id", roles=(ColumnRole.KEY,))
    contract = Contract(columns=(id_column, Column("day"), Column("cost")))
    loaded_dataset(content, contract, unit=UnitFactory())
    assert b"loaded already" not in client.get(dropped(client, "again.csv", content)).content
    own = loaded_dataset(content, contract, unit=home)
    page = client.get(dropped(client, "again.csv", content)).content.decode()
    assert page.count("This file is loaded already") == 1
    assert own.get_absolute_url() in page and own.uploads.get().get_absolute_url() in page


def test_without_a_record_key_it_is_said_that_a_record_that_comes_again_counts_again(client, analyst, home):
    keyless = client.get(dropped(client, "x.csv", b"day,cost\n2025-01-31,2\n2025-01-31,2\n2025-02-28,2\n")).content
    keyed = client.get(dropped(client, "y.csv", b"id,day,cost\n1,2025-01-31,2\n2,2025-02-28,3\n")).content
    assert (b"No column is the record key" in keyless, b"No column is the record key" in keyed) == (True, False)
