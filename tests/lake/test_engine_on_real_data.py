"""The four-hour standard of English A&E departments, by the engine and by plain Python."""

import csv
from collections import defaultdict
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pytest

from lake.contract import Column, ColumnType, Contract, Role
from lake.engine import compute
from lake.periods import Calendar
from lake.plan import Measure, UnitLevel

SAMPLE = Path(__file__).parent.parent / "data" / "nhs_ae" / "attendances_sample.csv"
CONTRACT = Contract(
    columns=(
        Column("period", type=ColumnType.DATE, roles=(Role.KEY, Role.EVENT_TIME)),
        Column("org_code", roles=(Role.KEY, Role.UNIT)),
        Column("type", roles=(Role.KEY, Role.DIMENSION)),
        Column("attendances", type=ColumnType.INTEGER, required=True),
        Column("breaches", type=ColumnType.INTEGER, required=True),
        Column("admissions", type=ColumnType.INTEGER, required=True),
    ),
    timezone="Europe/London",
    reporting_timezone="Europe/London",
)
ENGLAND = 1


def test_performance_by_fiscal_year_provider_and_department_type():
    options = pa.csv.ConvertOptions(column_types={"type": pa.string(), "period": pa.date32()})
    table = pa.csv.read_csv(SAMPLE, convert_options=options)
    table = table.append_column("period__day", table["period"])
    codes = sorted(set(table["org_code"].to_pylist()))
    units = [UnitLevel(code, 100 + n, 1) for n, code in enumerate(codes)] + [UnitLevel(c, ENGLAND, 0) for c in codes]
    measure = Measure(
        "four_hours",
        "simple",
        "100 * (sum(attendances) - sum(breaches)) / sum(attendances)",
        time_column="period",
        grains=("year",),
        dimensions=("type",),
    )
    years = Calendar(fiscal_start_month=4).periods("year", date(2017, 3, 1), date(2018, 4, 1))
    found = compute(table, CONTRACT, [measure], years, units).to_pylist()

    sums: dict[tuple, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in csv.DictReader(SAMPLE.open()):
        year = "FY2017" if row["period"] == "2017-03-01" else "FY2018"
        for unit in (ENGLAND, 100 + codes.index(row["org_code"])):
            for member in (None, row["type"]):
                cell = sums[year, unit, member]
                cell[0] += int(row["attendances"])
                cell[1] += int(row["breaches"])
                cell[2] += 1
    assert len(found) == len(sums) > 200
    labels = {year.start: year.label for year in years}
    for row in found:
        attended, breached, rows = sums[labels[row["period_start"]], row["unit_id"], row["member"]]
        assert row["value"] == pytest.approx(100 * (1 - breached / attended))
        assert (row["denominator"], row["rows"]) == (attended, rows)
