"""How an extract is read is asked in the wizard, and never guessed."""

import io

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from datasets.models import Upload
from lake.contract import Column, Contract
from lake.contract import Role as ColumnRole
from tests.factories import UnitFactory, loaded_dataset, perform

from .wizard import codes_asked, dropped, filled

pytestmark = pytest.mark.django_db


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


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        *[("oui", "non"), ("wahr", "falsch"), ("vrai", "faux"), ("yes", "no"), ("Ja", "Nein"), ("tak", "nie")],
        *[("Да", "Нет"), ("SÍ", "NO"), ("si", "no"), ("sim", "não"), ("ano", "ne")],
    ],
)
def test_words_that_are_proposed_as_yes_or_no_are_read_as_that(client, analyst, yes, no):
    address = dropped(client, "x.csv", f"id,late\n1,{yes}\n2,{no}\n3,{yes}\n".encode())
    page = client.get(address)
    assert page.context["columns"][1]["type"].value() == "boolean"
    client.post(address, filled(page))
    upload = Upload.objects.get()
    perform(upload.job)
    upload.refresh_from_db()
    assert (upload.accepted, upload.rejected) == (3, 0)


def test_one_word_of_a_pair_alone_may_be_a_code(client, analyst):
    page = client.get(dropped(client, "x.csv", b"id,region\n1,NE\n2,NE\n"))
    assert page.context["columns"][1]["type"].value() == "text"


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
    assert form["total_words"] == "Total"  # as found: reading it again is the answer
    said = client.get(address, form)
    assert (codes_asked(said), said.context["preview"].sampled_rows) == ([], 2)
    assert said.context["columns"][0]["type"].value() == "integer"
    client.post(address, filled(said))
    upload = Upload.objects.get()
    perform(upload.job)
    upload.refresh_from_db()
    assert (upload.rows_read, upload.accepted, upload.left_out) == (3, 2, 1)
    counts = client.get(upload.get_absolute_url()).content.decode()
    assert '<dt title="Blank rows, and totals">Left out</dt><dd><span class="number">1</span></dd>' in counts


def test_words_of_totals_may_hold_commas_and_none_is_proposed_again_once_they_were_cleared(client, analyst):
    rows = b'team,day,cost\nA,2025-01-31,2\n"Total for A, north",,2\nB,2025-02-28,3\nTotal,,5\n'
    address = dropped(client, "x.csv", rows)
    page = client.get(address)
    form = {field.name: field.value() for field in page.context["dialect_form"] if field.value() is not None}
    assert form["total_words"] == '"Total for A, north",Total'
    read = client.get(address, form)
    assert (codes_asked(read), read.context["preview"].sampled_rows) == ([], 2)
    cleared = client.get(address, form | {"total_words": ""})
    assert (codes_asked(cleared), cleared.context["dialect_form"]["total_words"].value()) == (["total_row"], "")


def test_a_note_below_the_table_is_asked_and_set_aside(client, analyst):
    page = client.get(dropped(client, "x.csv", b"id,day,cost\n1,2025-01-31,2\n2,2025-02-28,3\nMade by SAP,,\n"))
    assert codes_asked(page) == ["last_row"]
    assert page.context["questions"][0]["step"].startswith("If so, dismiss it among the rejected rows")
    assert page.context["columns"][0]["type"].value() == "integer"
    client.post(page.wsgi_request.path, filled(page))
    upload = Upload.objects.get()
    perform(upload.job)
    assert list(upload.rejects.values_list("row", "code")) == [(4, "note_row")]


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


@pytest.mark.parametrize(
    ("file_name", "name", "code"),
    [
        ("lab_orders_2025-07_2026-09.csv", "Lab orders", "lab-orders"),
        ("Sales 20250731.csv", "Sales", "sales"),
        ("orders_2025_07_31_final.csv", "Orders final", "orders-final"),
        ("report-1234.csv", "Report 1234", "report-1234"),  # no year
        ("2025-07.csv", "2025 07", "2025-07"),  # nothing else to call it by
    ],
)
def test_a_dataset_is_not_named_after_the_days_of_one_extract(client, analyst, file_name, name, code):
    address = dropped(client, file_name, b"id,day,cost\n1,2025-01-31,2\n2,2025-02-28,3\n")
    about = client.get(address).context["about"]
    assert (about["name"].value(), about["code"].value()) == (name, code)
