"""What is no record is asked about and set aside: a total, a note below the table. A record stays one."""

import pytest

from lake import intake
from lake.contract import Column, ColumnType, Contract, Role
from lake.intake import Dialect, Limits
from tests.corpus.reading import load_bytes, messages

COSTS = Contract((Column("site"), Column("kind"), Column("cost", type=ColumnType.INTEGER)), reject_limit_pct=90)
KEYED = Contract((Column("site", roles=(Role.KEY,)), *COSTS.columns[1:]), reject_limit_pct=90)
ROWS = "site,kind,cost\nN,a,2\nS,b,3\n"
NOTE = "Exported by SAP on 31.01.2025,,\n"


@pytest.mark.parametrize("of", [COSTS, KEYED])
@pytest.mark.parametrize("gap", ["", ",,\n", "\n"])
def test_a_note_below_the_table_is_set_aside_by_name(tmp_path, of, gap):
    found = load_bytes(tmp_path, ROWS + gap + NOTE, of)
    assert (found.column("cost"), [code for _, _, code in found.rejects]) == ([2, 3], ["note_row"])
    assert messages(found) == [
        "The row at the end holds only 'Exported by SAP on 31.01.2025' and looks like a note below the table. If it is "
        "one, dismiss it; if it is a record, save it as it is."
    ]


def test_a_total_without_a_label_is_set_aside_where_no_key_rejects_it(tmp_path):
    found = load_bytes(tmp_path, ROWS + ",,5\n", COSTS)
    assert (found.column("cost"), found.rejects) == ([2, 3], [(4, "", "total_row")])
    assert "has no value that says what it is of, and looks like a total" in messages(found)[0]


def test_both_below_each_other_and_a_total_with_a_label(tmp_path):
    found = load_bytes(tmp_path, ROWS + ",,5\n" + NOTE + "Page 1 of 1,,\n", COSTS)
    assert found.rejects == [(4, "", "total_row"), (5, "", "note_row"), (6, "", "note_row")]
    labelled = load_bytes(tmp_path, ROWS + "Total,,5\n" + NOTE, COSTS, Dialect(total_words=("total",)))
    assert (labelled.loaded.excluded, labelled.rejects) == (1, [(5, "", "note_row")])


@pytest.mark.parametrize(
    "rows",
    [
        "North East,,\nN,a,2\n,,3\nS,b,4\n",  # not at the end
        "North East,,\nSouth East,,\n",  # none of them says more
        "N,a,2\nS,,\n",  # a code, not words
        "N,a,2\nSouth East,,3\n",
    ],
)
def test_a_record_that_says_little_counts(tmp_path, rows):
    found = load_bytes(tmp_path, "site,kind,cost\n" + rows, COSTS)
    assert (found.loaded.accepted, found.rejects) == (rows.count("\n"), [])


def test_two_columns_are_no_table_with_room_for_a_note(tmp_path):
    pairs = Contract((Column("site"), Column("cost", type=ColumnType.INTEGER)))
    assert load_bytes(tmp_path, "site,cost\nN,2\nSouth East,\n", pairs).loaded.accepted == 2


def test_a_note_alone_in_the_last_chunk_is_seen(tmp_path):
    rows = "".join(f"N{n},a,{n}\n" for n in range(40))
    found = load_bytes(tmp_path, "site,kind,cost\n" + rows + NOTE, COSTS, limits=Limits(chunk_bytes=32))
    assert (found.loaded.accepted, found.rejects) == (40, [(42, "", "note_row")])


def test_such_a_row_saved_as_it_is_is_a_record(tmp_path):
    saved = intake.load_records([{"site": "North East"}], COSTS, into=tmp_path)
    assert (saved.accepted, saved.rejected) == (1, 0)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (NOTE, "holds only 'Exported by SAP on 31.01.2025': is it a note below the table?"),
        (",,5\n", "holds only '5': is it a total?"),
        (",,5\n" + NOTE, "The last 2 rows hold only '5' and 'Exported by SAP on 31.01.2025': are they no records?"),
    ],
)
def test_the_wizard_asks_and_proposes_the_columns_of_the_records(tmp_path, rows, said):
    (tmp_path / "x.csv").write_text(ROWS + rows)
    preview = intake.inspect(tmp_path / "x.csv")
    (question,) = preview.questions
    assert question.code == "last_row" and said in question.text
    assert (preview.sampled_rows, preview.columns[2].types[0], preview.columns[2].roles) == (2, "integer", ("measure",))


@pytest.mark.parametrize(
    "label",
    [
        *["Total", "Grand total", "Summe:", " Subtotal ", "Total of 2 rows", "Razem", "Итого", "OGÓŁEM", "Всего"],
        *["Sub-total", "Gesamt", "Zwischensumme", "Totaal", "Total général", "Suma", "合计", "总计", "合計", "総計"],
    ],
)
def test_a_total_is_never_counted_where_a_record_needs_no_more_than_its_number(tmp_path, label):
    costs = Contract(
        columns=(Column("site"), Column("kind"), Column("cost", type=ColumnType.INTEGER)), reject_limit_pct=60
    )
    data = f"site,kind,cost\nN,a,2\nS,b,3\n{label},,5\n"
    found = load_bytes(tmp_path, data, costs)
    assert (found.column("cost"), found.rejects) == ([2, 3], [(4, "", "total_row")])
    assert load_bytes(tmp_path, data.replace(",,", ",,0"), costs).rejects == [(4, "", "total_row")]
    in_second = load_bytes(tmp_path, f"site,kind,cost\nN,a,2\n,{label},2\n", costs)
    assert (in_second.column("cost"), in_second.rejects) == ([2], [(3, "", "total_row")])


def test_a_record_that_is_called_like_a_total_counts_if_it_is_whole_or_was_saved_as_it_is(tmp_path):
    costs = Contract(columns=(Column("site"), Column("kind"), Column("cost", type=ColumnType.INTEGER)))
    assert load_bytes(tmp_path, "site,kind,cost\nTotal,fuel,2\nTotalEnergies,,3\n", costs).column("cost") == [2, 3]
    saved = intake.load_records([{"site": "Total", "cost": "5"}], costs, into=tmp_path / "saved")
    assert (saved.accepted, saved.rejected) == (1, 0)
