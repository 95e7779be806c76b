"""Parquet and JSON lines: formats with types of their own. Numbers are those of the corpus."""

import gzip
import json
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lake import intake, sandbox
from lake.contract import Column, ColumnType, Contract, ContractError, Role
from lake.intake import Dialect, IntakeError
from tests.corpus import parquets, texts
from tests.corpus.reading import contract, load_bytes, outcome
from tests.corpus.refused import CONTRACT

PARQUET, JSONL = Dialect(kind="parquet", header_row=0), Dialect(kind="jsonl", header_row=0)
AT = Column("at", type=ColumnType.TIMESTAMP)
V = Column("v", type=ColumnType.DECIMAL)


def load_table(folder, table, of):
    return outcome(intake.load(parquets.parquet(folder / "x.parquet", table), of, PARQUET, into=folder / "into"))


@pytest.mark.parametrize("kind", [pa.timestamp("ns"), pa.timestamp("ms"), pa.timestamp("us", "America/New_York")])
def test_C57_timestamps_of_every_unit(tmp_path, kind):
    table = pa.table({"id": ["a"], "at": pa.array([datetime(2025, 7, 1, 10)]).cast(kind)})
    hour = 10 if kind.tz else 8  # Arrow's zoned values are UTC already
    found = load_table(tmp_path, table, contract(AT, timezone="Europe/Paris"))
    assert found.column("at") == [datetime(2025, 7, 1, hour)]


def test_C57_nanoseconds_that_are_cut_are_counted_and_told(tmp_path):
    at = pa.array([1_000_000_000, 1_000_000_001, None], pa.timestamp("ns"))
    found = load_table(tmp_path, pa.table({"id": ["a", "b", "c"], "at": at}), contract(AT))
    assert found.column("at") == [datetime(1970, 1, 1, 0, 0, 1)] * 2 + [None]
    assert found.loaded.counts["nanoseconds_dropped"] == 1
    assert found.loaded.notes == ("Times finer than a microsecond, cut to one: 1.",)


def test_C57_dictionaries_decimals_and_extra_columns(tmp_path):
    table = pa.table(
        {
            "extra": [[1], [2], [3]],
            "v": pa.array([Decimal("1.5"), Decimal("2.123456"), None], pa.decimal128(38, 10)),
            "id": pa.array(["a", "b", "c"]).dictionary_encode(),
        }
    )
    found = load_table(tmp_path, table, contract(V))
    assert found.column("v") == [Decimal("1.5"), None] and found.rejects == [(2, "v", "too_many_decimals")]
    assert found.loaded.notes == ("Columns that are not in the contract were ignored: extra.",)


def test_C57_mismatch_is_a_table(tmp_path):
    with pytest.raises(IntakeError) as error:
        intake.load(parquets.wrong_types(tmp_path / "x"), CONTRACT, PARQUET, into=tmp_path / "into")
    assert error.value.details == [
        {"column": "day", "wanted": "date", "got": "bool"},
        {"column": "amount", "wanted": "decimal", "got": "string"},
        {"column": "note", "wanted": "text", "got": "list<element: int64>"},
    ]


def test_C57_integers_nan_and_whole_floats(tmp_path):
    table = pa.table({"id": [1, 2, 3], "n": [1.0, 2.5, float("nan")]})
    found = load_table(tmp_path, table, contract(Column("n", type=ColumnType.INTEGER)))
    assert (found.column("id"), found.column("n")) == (["1"], [1])
    assert [row for row, _, _ in found.rejects] == [2, 3]


def test_C58_no_row_groups_is_an_empty_table(tmp_path):
    path = parquets.no_row_groups(tmp_path / "x.parquet")
    assert intake.load(path, CONTRACT, PARQUET, into=tmp_path / "into").accepted == 0


def test_gzipped_parquet(tmp_path):
    path = parquets.parquet(tmp_path / "x.parquet")
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert intake.load(path, CONTRACT, PARQUET, into=tmp_path / "into").accepted == 2


def test_json_lines_keep_their_types(tmp_path):
    lines = '{"id": "a", "n": 9007199254740993, "v": 1.5, "at": "2025-07-01T10:00:00Z"}\n\n{"id": "b", "n": null}\n'
    found = load_bytes(tmp_path, lines, contract(Column("n", type=ColumnType.INTEGER), V, AT), JSONL)
    assert [(row["id"], row["n"], row["v"], row["_row"]) for row in found.rows] == [
        ("a", 9007199254740993, Decimal("1.5"), 1), ("b", None, None, 3),
    ]  # fmt: skip
    assert found.loaded.blank == 1


@pytest.mark.parametrize(
    "value, code",
    [
        ('"5"', "wrong_type"),
        ("true", "not_an_integer"),
        ('" 5"', "wrong_type"),
        ("[5]", "nested_value"),
        ("1.5", "not_an_integer"),
    ],
)
def test_C65_json_types_are_strict(tmp_path, value, code):
    found = load_bytes(
        tmp_path, f'{{"id": "a", "n": {value}}}\n', contract(Column("n", type=ColumnType.INTEGER)), JSONL
    )
    assert found.rejects == [(1, "n", code)]


def test_C65_a_number_is_no_text(tmp_path):
    found = load_bytes(tmp_path, '{"id": 5, "v": 1}\n', contract(V), JSONL)
    assert found.rejects == [(1, "id", "wrong_type")]


def test_inspect_and_load_run_in_the_sandbox(tmp_path):
    path = texts.written(texts.GOOD)(tmp_path / "x.csv")
    preview = sandbox.run(intake.inspect, path, name="=x.csv")
    assert (preview.name, preview.sampled_rows, preview.dialect) == ("=x.csv", 2, Dialect())
    seen = []
    loaded = sandbox.run(
        intake.load, path, CONTRACT, preview.dialect, into=tmp_path / "into", progress=sandbox.report,
        on_progress=lambda *done: seen.append(done),
    )  # fmt: skip
    assert (loaded.accepted, loaded.first_event, loaded.last_event) == (2, "2025-02-01", "2025-02-02")
    assert seen[-1][1] == len(texts.GOOD)
    with pytest.raises(IntakeError) as error:
        sandbox.run(intake.load, path, contract(Column("x", required=True)), Dialect(), into=tmp_path / "into")
    assert (error.value.code, error.value.file, error.value.column) == ("missing_column", "x.csv", "x")


KEY = Column("id", roles=(Role.KEY,))
DAY = Column("day", type=ColumnType.DATE, roles=(Role.EVENT_TIME,))


@pytest.mark.parametrize(
    "columns, fault",
    [
        ((KEY, Column("id")), "Two columns have the name 'id'"),
        ((KEY, Column("a", "X"), Column("b", "X")), "Two columns have the header 'X'"),
        ((KEY, Column("_month")), "reserved"),
        ((KEY, Column("day__day")), "reserved"),
        ((KEY, Column("No Space")), "lower case"),
        ((KEY, DAY, Column("e", type=ColumnType.DATE, roles=(Role.EVENT_TIME,))), "one event time column, not 2"),
        ((Column("v", type=ColumnType.NUMBER, roles=(Role.MEASURE, Role.KEY)),), "a measure cannot also be key"),
        ((KEY, Column("v", roles=(Role.MEASURE,))), "not text"),
        ((KEY, Column("v", roles=(Role.EVENT_TIME,))), "date or timestamp"),
        ((KEY, Column("v", type=ColumnType.NUMBER, roles=(Role.UNIT,))), "is text"),
        ((KEY, Column("v", type=ColumnType.NUMBER, formula="nonsense(id")), "Calculated column 'v'"),
        ((KEY, Column("d", type=ColumnType.DATE, format="DD/MM/YYYY")), "strptime"),
        ((KEY, Column("v", type=ColumnType.NUMBER, minimum=2, maximum=1)), "above the maximum"),
    ],
)
def test_contradictions_in_a_contract(columns, fault):
    with pytest.raises(ContractError) as error:
        Contract(columns).check()
    assert fault in error.value.message


def test_a_contract_survives_json():
    import json

    of = Contract(
        (KEY, DAY, Column("v", "Wert", ColumnType.DECIMAL, (Role.MEASURE,), minimum=0, number_forms=("percent",))),
        timezone="Europe/Paris", on_duplicate="last", decimal_comma=True, thousands=" ",
    )  # fmt: skip
    assert Contract.from_dict(json.loads(json.dumps(of.check().to_dict()))) == of
    assert (of.key, of.event_time, of.unit_column, of.measures) == ((KEY,), DAY, None, (of.column("v"),))
    with pytest.raises(ContractError, match="Unknown entry 'colour'"):
        Contract.from_dict({**of.to_dict(), "colour": 1})


def test_a_log_needs_a_key():
    with pytest.raises(ContractError, match="No column has the role key"):
        Contract((DAY,), on_duplicate="last").check()
    assert Contract((DAY,)).check().key == ()


def test_dates_of_a_date_column_are_their_own_day(tmp_path):
    found = load_bytes(tmp_path, "id,day\na,2025-02-01\n", Contract((KEY, DAY), reporting_timezone="Asia/Tokyo"))
    assert (found.column("day__day"), found.column("_month")) == ([date(2025, 2, 1)], [202502])


def test_C58_a_parquet_without_rows_keeps_the_types_it_declares(tmp_path):
    empty = pa.table(
        {"id": pa.array([], pa.string()), "at": pa.array([], pa.timestamp("us")), "v": pa.array([], pa.float64())}
    )
    pq.write_table(empty, tmp_path / "x.parquet")
    columns = intake.inspect(tmp_path / "x.parquet").columns
    assert [column.types[0] for column in columns] == ["text", "timestamp", "number"]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_how_texts_spell_numbers_is_asked_and_kept_for_every_kind_of_file(tmp_path, kind):
    path = tmp_path / f"x.{kind}"
    texts = {"id": ["a", "b"], "v": ["1,234", "2,500"]}
    if kind == "parquet":
        pq.write_table(pa.table(texts), path)
    else:
        path.write_text("".join(json.dumps({"id": i, "v": v}) + "\n" for i, v in zip(*texts.values(), strict=True)))
    asked = intake.inspect(path)
    assert [question.code for question in asked.questions] == ["decimal_comma"]
    answered = intake.inspect(path, dialect=replace(asked.dialect, decimal_comma=True, total_words=("b",)))
    assert (answered.questions, answered.dialect.decimal_comma, answered.dialect.total_words) == ((), True, ("b",))


def test_a_key_that_only_later_objects_have_is_a_column_too(tmp_path):
    path = tmp_path / "x.jsonl"
    lines = [{"id": str(n), **({"closed": "2025-01-31"} if n > 300 else {})} for n in range(400)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert [(column.name, column.filled) for column in intake.inspect(path).columns] == [("id", 400), ("closed", 99)]


def test_what_an_object_holds_is_a_column_and_what_a_list_holds_is_none(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text(
        '{"id": 1, "who": {"name": "Ö", "at": {"city": "Ulm"}}, "note": null}\n'
        '{"id": 2, "who": null, "tags": ["a"], "note": [1]}\n{"note": "x"}\n'
    )
    preview = intake.inspect(path)
    offered = [(column.name, column.header) for column in preview.columns]
    assert offered == [("id", "id"), ("who_name", "who.name"), ("who_at_city", "who.at.city"), ("note", "note")]
    assert preview.notes == (
        "Cannot be read, and are left out: tags (lists or objects). To have them, export each "
        "value in a column of its own, as a text, a number or a date.",
    )
    path.write_text('{"who": ["Ö"]}\n')
    with pytest.raises(IntakeError, match="No key holds plain values"):
        intake.inspect(path)


def test_what_objects_hold_is_loaded_by_the_way_to_it(tmp_path):
    lines = (
        '{"id": "a", "who": {"name": "Ö", "at": {"city": "Ulm", "zip": 1}}}\n'
        '{"id": "b", "who": null}\n'
        '{"id": "c", "who.name": "flat", "who": {"at": {"city": "Bonn"}}}\n'
        '{"id": "d", "who": {"name": {"first": "E"}}}\n'
    )
    wanted = contract(Column("name", header="who.name"), Column("city", header="who.at.city"))
    found = load_bytes(tmp_path, lines, wanted, JSONL)
    assert [(row["id"], row["name"], row["city"]) for row in found.rows] == [
        ("a", "Ö", "Ulm"), ("b", None, None), ("c", "flat", "Bonn"),
    ]  # fmt: skip
    assert found.rejects == [(4, "name", "nested_value")]
    assert found.loaded.notes == ("Keys that are not in the contract were ignored: who.at.zip.",)


def test_one_value_for_a_column_is_not_taken_for_another(tmp_path):
    lines = '{"id": "a", "who.name": "x", "who": {"name": "y"}}\n'
    with pytest.raises(IntakeError, match="Line 1 names the key 'who.name' twice"):
        load_bytes(tmp_path, lines, contract(Column("name", header="who.name")), JSONL)


def test_columns_of_a_parquet_file_that_cannot_be_read_are_named_with_what_they_hold(tmp_path):
    table = pa.table(
        {
            "id": ["a", "b"], "tags": [["x"], []], "who": [{"name": "Ö"}, None], "raw": [b"1", b"2"],
            "from": pa.array([1, 2], pa.time32("s")), "took": pa.array([1, 2], pa.duration("s")), "empty": pa.nulls(2),
        }
    )  # fmt: skip
    preview = intake.inspect(parquets.parquet(tmp_path / "x.parquet", table))
    assert [(column.header, column.types[0]) for column in preview.columns] == [("id", "text"), ("empty", "text")]
    assert preview.notes == (
        "Cannot be read, and are left out: tags (lists or objects), who (lists or objects), raw (bytes), from (times "
        "of day), took (lengths of time). To have them, export each value in a column of its own, as a text, a number "
        "or a date.",
    )
    assert load_table(tmp_path, table, contract(Column("empty"))).column("empty") == [None, None]
