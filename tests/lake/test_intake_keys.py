"""Which record key is proposed: what tells records apart in later files too, never an amount that differs by chance."""

from pathlib import Path

import pytest

from lake import intake

ROOT = Path(__file__).parents[2]
REAL = {
    "tests/data/baltimore_requests.csv": ["service_request_number"],
    "tests/data/forecast/bank_calls_daily.csv": ["day"],
    "tests/data/itsm_events.csv": [],  # events of incidents: a number comes again at every change
    "tests/data/nhs_ae/attendances_sample.csv": ["period", "org_code", "type"],
    "tests/data/scms_utf8_lf.csv": ["id"],
    "tests/data/spc/ae_england_monthly.csv": ["period"],
    "tests/data/spc/circuit.txt": ["sample"],  # 1 to 46, beside the defects found
    "tests/data/spc/dyedcloth.txt": [],  # ten counts of defects, by chance all different
    "tests/data/spc/hospital_four_hours.csv": ["month_end"],  # not the attendances of a month
    "tests/data/spc/viscosity.txt": ["batch"],
    "demo/data/flights_nyc13/airlines.csv": ["carrier"],
    "demo/data/tgv_punctuality_sncf/regularite-mensuelle-tgv-aqst.csv.gz": ["date", "gare_de_depart", "gare_d_arrivee"],
    "demo/data/vendor_delivery_scms/scms_delivery_history.csv.gz": ["id"],
}


def key_of(path) -> list[str]:
    return [column.name for column in intake.inspect(path, name=path.name).columns if "key" in column.roles]


@pytest.mark.parametrize(("file", "key"), REAL.items())
def test_of_real_extracts(file, key):
    assert key_of(ROOT / file) == key


DAYS = ("2025-01-01", "2025-01-02", "2025-01-03")
SMALL = {
    "an id in one word": ("Day,OrderID", ("7712", "1298", "9001"), ["orderid"]),
    "a number in one word": ("Day,Auftragsnummer", ("7712", "1298", "9001"), ["auftragsnummer"]),
    "a sign for a number": ("Day,Ticket #", ("7712", "1298", "9001"), ["ticket"]),
    "a word that ends as an id does": ("Day,PAID", ("7712", "1298", "9001"), ["day"]),
    "a count that differs each day": ("Day,Parcels", ("812", "790", "1204"), ["day"]),
    "an amount": ("Day,Amount", ("10", "11", "12"), ["day"]),
    "a number of something is no number": ("Day,Number of calls", ("812", "790", "1204"), ["day"]),
    "called a number": ("Day,Order no", ("812", "790", "1204"), ["order_no"]),
    "counts on without a gap": ("Day,Ticket", ("102", "101", "103"), ["ticket"]),
}


@pytest.mark.parametrize(("head", "values", "key"), SMALL.values(), ids=SMALL)
def test_of_a_date_and_whole_numbers(tmp_path, head, values, key):
    rows = [f"{day},{value}" for day, value in zip(DAYS, values, strict=True)]
    (tmp_path / "x.csv").write_text("\n".join([head, *rows, ""]))
    assert key_of(tmp_path / "x.csv") == key


@pytest.mark.parametrize(
    ("values", "key"),
    [
        (("17", "23", "96"), ["auftrag"]),  # rises from row to row
        (("4711", "4102", "4877"), ["auftrag"]),  # all of four digits
        (("17", "9", "123"), ["tag"]),
    ],
)
def test_whole_numbers_that_stand_first_are_the_key_where_they_are_like_numbering(tmp_path, values, key):
    rows = [f"{value},{day}" for day, value in zip(DAYS, values, strict=True)]
    (tmp_path / "x.csv").write_text("\n".join(["Auftrag,Tag", *rows, ""]))
    assert key_of(tmp_path / "x.csv") == key


def test_parcels_of_two_depots_are_told_apart_by_day_and_depot(tmp_path):
    (tmp_path / "x.csv").write_text("Day,Depot,Parcels\n2025-01-01,N,5\n2025-01-01,S,7\n2025-01-02,N,9\n")
    assert key_of(tmp_path / "x.csv") == ["day", "depot"]
