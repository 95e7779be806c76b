"""Delimited text: encodings, line ends, quotes, headers, ragged rows. Numbers are those of the bad-input corpus."""

import csv
import gzip
import io
import tracemalloc

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lake import intake, sandbox
from lake.contract import Column, ColumnType, Contract, Role
from lake.intake import Dialect, IntakeError, Limits
from tests.corpus import texts
from tests.corpus.reading import KEY, contract, load_bytes, number, outcome
from tests.lake import sandboxed

DAY = Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,))
DELIVERIES = contract(DAY, Column("amount", type=ColumnType.DECIMAL, roles=(Role.MEASURE,)), Column("note"))
TEXT = "id,name\nk1,café €\nk2,naïve\n"
NAMES = contract(Column("name"))


def refused(folder, data, of=DELIVERIES, dialect=None, **options):
    with pytest.raises(IntakeError) as error:
        load_bytes(folder, data, of, dialect, **options)
    return error.value


def test_C2_header_only_loads_no_rows_and_asks(tmp_path):
    found = load_bytes(tmp_path, "id,day,amount,note\n", DELIVERIES)
    assert (found.loaded.accepted, found.rows) == (0, [])
    question = intake.inspect(tmp_path / "extract").questions[-1]
    assert (question.code, question.options[0]) == ("replace_with_nothing", "no")


def test_C4_no_header_shows_the_first_rows(tmp_path):
    error = refused(tmp_path, "a1,2025-02-01,1.5,one\na2,2025-02-02,2,two\n")
    assert error.code == "header_not_found" and "a1, 2025-02-01" in error.message
    (tmp_path / "extract").write_text("".join(f"a{n},2025-02-0{n},{n},one\n" for n in range(1, 6)))
    with pytest.raises(IntakeError) as inspected:
        intake.inspect(tmp_path / "extract")
    assert inspected.value.details["rows"] == [[f"a{n}", f"2025-02-0{n}", str(n), "one"] for n in (1, 2, 3)]
    assert "a1, 2025-02-01, 1, one / a2, 2025-02-02, 2, one / a3, 2025-02-03, 3, one" in inspected.value.message


def test_C4_headings_may_be_declared(tmp_path):
    dialect = Dialect(header_row=0, headers=("id", "day", "amount", "note"))
    assert load_bytes(tmp_path, "a1,2025-02-01,1.5,one\n", DELIVERIES, dialect).rows[0]["_row"] == 1


def test_C5_title_lines_are_proposed_and_asked(tmp_path):
    data = "Deliveries\nas of March,,,\n" + texts.GOOD
    (tmp_path / "x.csv").write_text(data)
    preview = intake.inspect(tmp_path / "x.csv")
    assert preview.dialect.header_row == 3
    assert [question.code for question in preview.questions] == ["header_row"]
    found = load_bytes(tmp_path, data, DELIVERIES, preview.dialect)
    assert found.column("_row") == [4, 5]


def test_C5_headings_of_two_rows_are_asked_and_the_lower_one_is_proposed(tmp_path):
    data = "Delivery,Delivery,Money,\n" + texts.GOOD
    (tmp_path / "x.csv").write_text(data)
    preview = intake.inspect(tmp_path / "x.csv")
    assert preview.dialect.header_row == 2
    assert [question.code for question in preview.questions] == ["header_row"]
    assert load_bytes(tmp_path, data, DELIVERIES, preview.dialect).column("id") == ["a1", "a2"]


def test_C6_total_row_is_an_error_unless_declared(tmp_path):
    data = texts.GOOD + "Total,,3.5,\n"
    found = load_bytes(tmp_path, data, DELIVERIES)
    assert found.rejects == [(4, "", "total_row")]
    assert [q.code for q in intake.inspect(tmp_path / "extract").questions] == ["total_row"]
    declared = load_bytes(tmp_path, data, DELIVERIES, Dialect(total_words=("total",)))
    assert (declared.rejects, declared.loaded.excluded, declared.loaded.accepted) == ([], 1, 2)


def test_C7_second_table(tmp_path):
    error = refused(tmp_path, texts.GOOD + "\nid,day,amount,note\nb1,2025-02-01,1,x\n")
    assert (error.code, error.row) == ("second_table_at_row", 5)
    narrower = refused(tmp_path, texts.GOOD + "\nteam,size\nred,5\n")
    assert (narrower.code, narrower.row) == ("second_table_at_row", 5)


@pytest.mark.parametrize(
    "data, encoding",
    [
        pytest.param(TEXT.encode("utf-8-sig"), "utf-8", id="C8-utf-8-with-mark"),
        pytest.param(b"\xff\xfe" + TEXT.encode("utf-16-le"), "utf-16-le", id="C9-utf-16-le"),
        pytest.param(b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16-be", id="C9-utf-16-be"),
        pytest.param(TEXT.encode("utf-16-le"), "utf-16-le", id="C10-utf-16-le-without-mark"),
        pytest.param(TEXT.encode("utf-16-be"), "utf-16-be", id="C10-utf-16-be-without-mark"),
    ],
)
def test_C8_C9_C10_unicode_is_detected(tmp_path, data, encoding):
    (tmp_path / "x").write_bytes(data)
    dialect = intake.inspect(tmp_path / "x").dialect
    assert dialect.encoding == encoding
    assert load_bytes(tmp_path, data, NAMES, dialect).column("name") == ["café €", "naïve"]


def test_C9_a_byte_order_mark_says_more_than_the_declared_encoding(tmp_path):
    for data, encoding in ((TEXT.encode("utf-8-sig"), "utf-8"), (TEXT.encode("utf-16"), "utf-16-le")):
        (tmp_path / "x").write_bytes(data)
        dialect = intake.inspect(tmp_path / "x", dialect=Dialect(encoding="cp1252", header_row=1, quote="'")).dialect
        assert (dialect.encoding, dialect.quote) == (encoding, "'")


def test_C11_cp1252_only_when_declared(tmp_path):
    data = TEXT.encode("cp1252")
    (tmp_path / "x").write_bytes(data)
    with pytest.raises(IntakeError) as error:
        intake.inspect(tmp_path / "x")
    assert (error.value.code, error.value.details["byte"]) == ("encoding_unknown", data.index(b"\xe9"))
    assert load_bytes(tmp_path, data, NAMES, Dialect(encoding="cp1252")).column("name")[0] == "café €"


def test_C12_mixed_encodings_name_line_and_byte(tmp_path):
    data = TEXT.encode() + "k3,café\n".encode("cp1252")
    error = refused(tmp_path, data, NAMES)
    assert (error.code, error.details) == ("encoding_error", {"byte": data.index(b"\xe9\n"), "line": 4})


@pytest.mark.parametrize("encoding, word", [("shift-jis", "東京ソ表"), ("gb18030", "北京€")])
def test_C13_asian_encodings_by_declaration(tmp_path, encoding, word):
    codec = {"shift-jis": "cp932"}.get(encoding, encoding)
    data = f"id,name\nk1,{word}\n".encode(codec)
    assert load_bytes(tmp_path, data, NAMES, Dialect(encoding=encoding)).column("name") == [word]
    assert refused(tmp_path, data, NAMES).code == "encoding_error"


def test_C14_nul_names_the_line(tmp_path):
    assert refused(tmp_path, texts.GOOD + "a3,2025-02-03,3,th\0ree\n").row == 4


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_C15_line_ends_load_alike(tmp_path, end):
    plain = load_bytes(tmp_path, texts.GOOD, DELIVERIES).rows
    assert load_bytes(tmp_path, texts.GOOD.replace("\n", end), DELIVERIES).rows == plain
    mixed = texts.GOOD.replace("\n", end, 1)
    assert load_bytes(tmp_path, mixed, DELIVERIES).rows == plain


def test_C16_quoted_newline_is_one_record(tmp_path):
    data = 'id,name\nk1,"a\r\nb, ""c"""\nk2,d,e\nk3,f\n'
    found = load_bytes(tmp_path, data, NAMES)
    assert [(row["_row"], row["name"]) for row in found.rows] == [(2, 'a\r\nb, "c"'), (4, "f")]
    assert found.rejects == [(3, "", "too_many_values")]


def test_C17_unclosed_quote_names_the_line_that_opened_it(tmp_path):
    error = refused(tmp_path, 'id,name\nk1,"a\nb"\nk2,"c\nk3,d\n', NAMES)
    assert (error.code, error.row) == ("unclosed_quote", 4)
    earlier = refused(tmp_path, 'id,name\nk1,"a\nk2,b\nk3,"c"\n', NAMES)
    assert (earlier.code, earlier.row) == ("unclosed_quote", 2)


def test_C18_other_quotes_by_declared_dialect(tmp_path):
    escaped = 'id,name\nk1,"say \\"hi\\", x"\n'
    assert refused(tmp_path, escaped, NAMES).code == "bad_quote"
    assert load_bytes(tmp_path, escaped, NAMES, Dialect(escape="\\")).column("name") == ['say "hi", x']
    apostrophes = "id,name\nk1,'a, b'\nk2,'it''s'\n"
    assert load_bytes(tmp_path, apostrophes, NAMES, Dialect(quote="'", escape="'")).column("name") == ["a, b", "it's"]


def test_C18_a_stray_quote_inside_a_plain_value_is_text(tmp_path):
    assert load_bytes(tmp_path, 'id,name\nk1,5" pipe\nk2,"a, b"\n', NAMES).column("name") == ['5" pipe', "a, b"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", " "])
def test_C19_delimiters_are_detected(tmp_path, delimiter):
    data = texts.GOOD.replace(",", delimiter)
    (tmp_path / "x").write_text(data)
    dialect = intake.inspect(tmp_path / "x").dialect
    assert dialect.delimiter == delimiter
    assert load_bytes(tmp_path, data, DELIVERIES, dialect).column("id") == ["a1", "a2"]


def test_C22_ragged_rows_are_set_aside_without_a_shift(tmp_path):
    lines = ["a1,2025-02-01,1,x", "a2,2025-02-01,2", "a3,2025-02-01,3,y,z", "a4,2025-02-01,4,w"]
    found = load_bytes(tmp_path, "id,day,amount,note\n" + "\n".join(lines), DELIVERIES)
    assert found.column("note") == ["x", "w"] and found.column("_row") == [2, 5]
    assert found.rejects == [(3, "", "too_few_values"), (4, "", "too_many_values")]


def test_C23_duplicate_headers_list_positions(tmp_path):
    error = refused(tmp_path, "id,name, Name\nk1,a,b\n", NAMES)
    assert (error.code, error.details) == ("duplicate_header", {"name": [2, 3]})
    assert [column.header.strip() for column in intake.inspect(tmp_path / "extract").columns] == ["id", "name", "Name"]
    renamed = Dialect(headers=("id", "name", "other"))  # who declares headings may look first
    assert intake.inspect(tmp_path / "extract", dialect=renamed).columns[2].header == "other"
    assert load_bytes(tmp_path, "id,name, Name\nk1,a,b\n", NAMES, renamed).column("name") == ["a"]


@pytest.mark.parametrize("heading", [" note ", "two\nlines", "🙂", "x" * 500, "=cmd|' /C calc'!A0"])
def test_C24_odd_headings_match_when_trimmed(tmp_path, heading):
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["id", heading], ["k1", "v"]])
    found = load_bytes(tmp_path, buffer.getvalue(), contract(Column("note", heading.strip())))
    assert found.column("note") == ["v"]


def test_C25_unnamed_column_with_data(tmp_path):
    error = refused(tmp_path, "id,name,\nk1,a,\nk2,b,9\n", NAMES)
    assert (error.code, error.row, error.column) == ("unnamed_column", 3, "3")
    with pytest.raises(IntakeError) as inspected:
        intake.inspect(tmp_path / "extract")
    assert inspected.value.to_dict() == error.to_dict() | {"file": "extract"}
    assert load_bytes(tmp_path, "id,name,\nk1,a,\n", NAMES).column("name") == ["a"]


def test_C26_missing_is_refused_with_the_nearest_name_and_order_does_not_matter(tmp_path):
    required = contract(Column("amount", "Order Amount", ColumnType.INTEGER, required=True))
    error = refused(tmp_path, "id,Oder amount\nk1,5\n", required)
    assert (error.code, error.details) == ("missing_column", {"Order Amount": ["Oder amount"]})
    assert load_bytes(tmp_path, "Order Amount,x,id\n5,?,k1\n", required).column("amount") == [5]


def test_C28_long_line_and_long_cell(tmp_path):
    path = texts.long_line(tmp_path / "long.csv", 8_000_000)
    tracemalloc.start()
    with pytest.raises(IntakeError) as error:
        intake.load(path, DELIVERIES, Dialect(), into=tmp_path / "into", limits=Limits(chunk_bytes=2**20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (error.value.code, error.value.row) == ("line_too_long", 2)
    assert peak < 12_000_000
    found = load_bytes(tmp_path, f"id,name\nk1,{'x' * 40_000}\nk2,y\n", NAMES)
    assert (found.column("id"), found.rejects) == (["k2"], [(2, "name", "text_too_long")])


def test_C29_chunks_are_invisible(tmp_path):
    lines = [f'k{i},"note {i}\nand ""more"""' if i % 7 == 0 else f"k{i},note {i}" for i in range(5_000)]
    data = "id,name\n" + "\n".join(lines) + "\n"
    whole = load_bytes(tmp_path, data, NAMES).rows
    seen = []
    pieces = load_bytes(
        tmp_path, data, NAMES, limits=Limits(chunk_bytes=4_096), progress=lambda *done: seen.append(done)
    )
    assert pieces.rows == whole and len(whole) == 5_000
    assert len(seen) > 10 and seen == sorted(seen) and seen[-1][1] == len(data)


def test_C29_twenty_times_the_rows_take_hardly_more_memory(tmp_path):
    peaks = []
    for rows in (20_000, 400_000):
        path = tmp_path / f"{rows}.csv"
        path.write_text("id,v\n" + "".join(f"k{n},{n}.25\n" for n in range(rows)))
        accepted, peak = sandbox.run(sandboxed.peak_of_load, path, tmp_path / "into")
        assert accepted == rows
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 200_000_000 and peaks[1] < 1_000_000_000


def test_C56_gzip_loads_like_the_plain_file(tmp_path):
    plain = load_bytes(tmp_path, texts.GOOD, DELIVERIES).rows
    assert load_bytes(tmp_path, gzip.compress(texts.GOOD.encode()), DELIVERIES).rows == plain


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs",)), max_size=8)
TABLES = st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=6)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=TABLES,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    quote=st.sampled_from(['"', "'"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "gb18030"]),
)
def test_any_table_reads_back_equal(tmp_path, table, delimiter, quote, end, encoding):
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, quotechar=quote, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["id", "a", "b", "c"])
    writer.writerows([f"k{i}", *row] for i, row in enumerate(table))
    dialect = Dialect(encoding=encoding.removesuffix("-sig"), delimiter=delimiter, quote=quote, escape=quote)
    of = contract(Column("a"), Column("b"), Column("c"))
    path = tmp_path / "any.csv"
    path.write_bytes(buffer.getvalue().encode(encoding))
    found = outcome(intake.load(path, of, dialect, into=tmp_path / "into", limits=Limits(chunk_bytes=64)))
    assert [tuple(row[name] or "" for name in "abc") for row in found.rows] == table


def test_duplicates_C60(tmp_path):
    of = Contract((KEY, DAY, number("v")), on_duplicate="refuse")
    same = "id,day,v\na,2025-02-01,1\nb,2025-02-01,2\na,2025-02-01,1.0\n"
    found = load_bytes(tmp_path, same, of)
    assert (found.column("id"), found.loaded.duplicates) == (["a", "b"], 1)
    assert any("repeat another row" in note for note in found.loaded.notes)
    error = refused(tmp_path, same + "b,2025-02-01,3\n", of)
    assert (error.code, error.details) == ("duplicate_keys", [{"key": ["b"], "rows": [3, 5]}])


def test_C60_the_last_row_of_an_event_log_wins(tmp_path):
    of = Contract((KEY, DAY, number("v")), on_duplicate="last")
    found = load_bytes(tmp_path, "id,day,v\na,2025-02-01,1\nb,2025-02-01,2\na,2025-03-01,3\n", of)
    assert [(row["id"], row["v"], row["_month"]) for row in found.rows] == [("b", 2, 202502), ("a", 3, 202503)]
    assert (found.loaded.superseded, found.loaded.rows_read) == (1, 3)


def test_without_a_key_every_row_is_a_record_with_an_identity_of_its_own(tmp_path):
    of = Contract((DAY, number("v")))
    found = load_bytes(tmp_path, "day,v\n2025-02-01,1\n2025-02-01,1\n2025-02-01,2\n", of)
    assert (found.loaded.accepted, found.loaded.counts) == (3, {"equal_rows": 1})
    (note,) = found.loaded.notes
    assert note == "Rows that repeat an earlier row exactly; without a record key each of them counts: 1."
    keys = found.column("_key")
    assert len(set(keys)) == 3 and keys[0].removesuffix("-1") == keys[1].removesuffix("-2")
    again = load_bytes(tmp_path, "day,v\n2025-02-01,2\n2025-02-01,1.0\n2025-02-01,1\n", of)
    assert set(again.column("_key")) == set(keys)


def test_rejects_are_replayed_through_the_same_checks(tmp_path):
    found = load_bytes(tmp_path, "id,day,amount,note\na1,2025-02-31,1,x\n", DELIVERIES)
    record = pq.read_table(found.loaded.rejects_path)["record"][0].as_py()
    import json

    corrected = {**json.loads(record), "day": "2025-02-28"}
    replayed = outcome(intake.load_records([corrected], DELIVERIES, into=tmp_path / "again", rows=[2]))
    assert [(row["_row"], str(row["day"])) for row in replayed.rows] == [(2, "2025-02-28")]
    still = outcome(intake.load_records([json.loads(record)], DELIVERIES, into=tmp_path / "again"))
    assert still.rejects == [(1, "day", "not_a_date")]


def test_a_file_of_mostly_rejects_is_refused_and_its_rejects_kept(tmp_path):
    of = Contract(DELIVERIES.columns, reject_limit_pct=5.0)
    error = refused(tmp_path, "id,day,amount,note\na1,x,1,x\na2,2025-02-01,1,x\n", of)
    assert (error.code, error.details["rejected"], error.details["rows"]) == ("too_many_rejects", 1, 2)
    assert pq.read_table(tmp_path / "into" / "rejects.parquet")["code"].to_pylist() == ["not_a_date"]


def test_C22_a_file_whose_every_row_is_too_long_is_refused_with_the_counts(tmp_path):
    (tmp_path / "x.csv").write_text("id,day,cost\n" + "k,2025-01-01,5,extra\n" * 4)
    with pytest.raises(IntakeError) as fault:
        intake.inspect(tmp_path / "x.csv")
    assert fault.value.code == "rows_do_not_fit" and fault.value.row == 2
    assert fault.value.message == "No row fits the header: it has 3 headings, row 2 has 4 values."


def test_C22_rows_that_do_not_fit_are_noted_before_the_load(tmp_path):
    (tmp_path / "x.csv").write_text("id,day,cost\nk1,2025-01-01,5\nk2,2025-01-01,5,extra\nk3,2025-01-01\n")
    assert intake.inspect(tmp_path / "x.csv").notes == (
        "Rows that do not have 3 values are set aside when the file is loaded: 3 (4 values), 4 (2 values).",
    )


def test_C19_a_sign_in_numbers_is_no_second_delimiter(tmp_path):
    rows = "".join(f"T{n};2025-03-{n:02d};1,{200 + n}\n" for n in range(1, 20))
    (tmp_path / "x.csv").write_text("ticket;opened;amount\n" + rows)
    assert [question.code for question in intake.inspect(tmp_path / "x.csv").questions] == ["decimal_comma"]


def test_headings_separated_otherwise_than_declared_are_told_as_such(tmp_path):
    ticket = Contract((Column("ticket", roles=(Role.KEY,)), Column("day", type=ColumnType.DATE)))
    (tmp_path / "x.csv").write_text("day,ticket,new\n2025-01-31,k1,5\n")
    with pytest.raises(IntakeError) as fault:
        intake.load(tmp_path / "x.csv", ticket, Dialect(delimiter=";"), into=tmp_path)
    assert fault.value.code == "header_not_found"
    assert fault.value.message == "Its headings are separated by commas, which the files of this dataset are not."
    assert fault.value.next_step == "Export it as the earlier files, or declare its delimiter."


def test_C24_a_heading_over_two_lines_is_the_one_with_a_blank(tmp_path):
    ticket = Contract((Column("ticket", "tick et", roles=(Role.KEY,)), Column("day", type=ColumnType.DATE)))
    (tmp_path / "x.csv").write_text('"tick\n  et",day\nk1,2025-01-01\n')
    loaded = intake.load(tmp_path / "x.csv", ticket, Dialect(), into=tmp_path)
    assert (loaded.accepted, loaded.rejected) == (1, 0)


@pytest.mark.parametrize(
    ("written", "comma", "thousands"),
    [
        ("1'234.50", None, "'"),  # Switzerland
        ("1’234.50", None, "'"),  # the same, as Windows writes it
        ("1 234,50", True, " "),  # France, with any of the blanks
        ("1\u202f234,50", True, " "),
        ("1.234,50", True, "."),
        ("1,234.50", None, ","),
        ("12,34,567.00", None, ","),
    ],
)
def test_the_sign_between_thousands_is_seen(tmp_path, written, comma, thousands):
    path = tmp_path / "x.csv"
    path.write_text(f"id;amount\n1;{written}\n2;17\n")
    preview = intake.inspect(path)
    assert (preview.dialect.decimal_comma, preview.dialect.thousands) == (comma, thousands)
    assert [column.types[0] for column in preview.columns] == ["integer", "number"]


def test_a_percentage_with_a_decimal_comma_says_that_commas_are_decimal(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("id;share\n1;1,5 %\n2;2,25 %\n")
    assert intake.inspect(path).dialect.decimal_comma is True
