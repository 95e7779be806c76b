"""Accident and emergency in England, as a person meets it: control chart, icons, forecast and drivers on real data."""

from pathlib import Path
from threading import Thread

import numpy as np
import pandas as pd
import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections
from django.test.testcases import QuietWSGIRequestHandler
from playwright.sync_api import Page, expect

from kpis.models import ChartVerdict, Forecast, Signal
from organization.models import User

ATTENDANCES = Path(__file__).parents[2] / "demo" / "data" / "nhs_ae_england" / "ae_attendances.csv.gz"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]


@pytest.fixture(scope="module")
def england() -> pd.DataFrame:
    """Attendances and those seen in time per month, from the file itself."""
    table = pd.read_csv(ATTENDANCES, parse_dates=["period"], dtype={"type": str})
    months = table.groupby("period")[["attendances", "breaches"]].sum()
    return months.assign(seen=months["attendances"] - months["breaches"])


def verdict(code: str, unit: str = "EMERGENCY") -> ChartVerdict:
    return ChartVerdict.objects.get(kpi__code=code, unit__code=unit, grain="month")


def test_the_limits_of_the_four_hour_rate_are_those_of_plain_numpy(england):
    seen, sizes = england["seen"].to_numpy(), england["attendances"].to_numpy()
    p = seen[:24].sum() / sizes[:24].sum()
    plain = np.sqrt(p * (1 - p) / sizes)
    factor = np.abs(np.diff(((seen / sizes - p) / plain)[:24])).mean() / 1.128379
    said = verdict("ae_four_hours")
    assert (said.chart, said.in_limits) == ("laney_p", 24)
    assert said.centre == pytest.approx(100 * p)
    assert said.lower == pytest.approx(100 * (p - 3 * factor * plain[-1]), rel=1e-6)
    outside = np.flatnonzero(np.abs(seen / sizes - p) > 3 * factor * plain)
    found = Signal.objects.current().filter(kpi=said.kpi, unit=said.unit, grain="month", rule="nhs_limits")
    assert sorted(found.values_list("period_start", flat=True)) == [england.index[i].date() for i in outside]


def test_those_of_attendances_are_an_individuals_chart(england):
    values = england["attendances"].to_numpy()[:24]
    said = verdict("ae_attendances")
    assert said.centre == pytest.approx(values.mean())
    assert said.upper == pytest.approx(values.mean() + 3 * np.abs(np.diff(values)).mean() / 1.128379, rel=1e-6)


def test_england_will_not_meet_95_per_cent_and_a_forecast_says_so_with_its_back_test():
    assert verdict("ae_four_hours").assurance == "fails"
    made = Forecast.objects.get(kpi__code="ae_four_hours", unit__code="EMERGENCY")
    assert str(made.period_start) == "2019-04-01"
    assert made.low < made.mean < made.high < 95
    assert made.chance < 0.01
    assert made.back_test["origins"] == 8 and made.back_test["chosen"]["mae"] < 3


class Server(ThreadedWSGIServer):
    """Its threads share the connection that holds the demo's transaction, and leave it open."""

    def _close_connections(self):
        pass


@pytest.fixture
def address():
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    connection = connections["default"]
    connection.inc_thread_sharing()
    server = Server(("127.0.0.1", 0), QuietWSGIRequestHandler, connections_override={"default": connection})
    server.set_app(StaticFilesHandler(WSGIHandler()))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    connection.dec_thread_sharing()
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def page(address, windows):
    return windows(address, User.objects.get(username="viewer"), viewport={"width": 1280, "height": 1000})


@pytest.mark.browser
def test_a_viewer_sees_chart_icons_forecast_and_what_moved_it(page: Page, address):
    page.goto("/scorecards/emergency-care/")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Seen within four hours", exact=True))
    expect(row.locator("svg[aria-label^='Will fail']")).to_be_visible()
    expect(row.locator("svg[aria-label^='No change']")).to_be_visible()

    row.get_by_role("link", name="Seen within four hours", exact=True).click()
    chart = page.locator("#control .chart-canvas")
    expect(chart.locator(".scatterlayer path.js-line")).not_to_have_count(0)
    for name in ("Control limits", "Target", "Red limit", "Signal, worse", "Forecast, 80 % interval"):
        expect(chart.locator(".legend").get_by_text(name, exact=True)).to_be_visible()
    expect(page.locator("#chart-says")).to_contain_text(
        "1 point beyond a control limit, low side: Jan 2019 to Feb 2019"
    )
    expect(page.locator("#landing")).to_contain_text("Where Apr 2019 will land")
    expect(page.locator("#landing table")).to_contain_text("benchmark")

    page.get_by_role("link", name="What moved it").first.click()
    expect(page.locator("#bridge .barlayer .point path").first).to_be_visible()
    table = page.locator("table.drivers")
    parts = [row.inner_text() for row in table.locator("tbody td.strong").all()]
    total = table.locator("tfoot td.strong").inner_text()
    assert sum(map(points, parts)) == pytest.approx(points(total))

    page.goto("/signals/")
    expect(page.locator(".icon-matrix")).to_contain_text("Seen within four hours")
    assert "NaN" not in page.content()


def points(text: str) -> float:
    return float(text.split()[0].replace("\N{MINUS SIGN}", "-").replace(",", "").replace("+", ""))
