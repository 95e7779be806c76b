"""Pages and API of control charts: what they show is what was computed, and they cost the same at any size."""

import json
import re
from datetime import UTC, datetime

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kpis import landing, signalling
from kpis.models import ChartPhase, ChartSetting
from organization.models import Role
from tests.factories import ApiTokenFactory, ScorecardFactory, TargetFactory, UnitFactory, member
from tests.kpis.sample_series import a_share, an_amount, day_after, met, month, write, write_parts

pytestmark = pytest.mark.django_db
NOW = datetime(2025, 2, 10, tzinfo=UTC)


@pytest.fixture
def unit():
    return UnitFactory(code="ward", name="Ward")


@pytest.fixture
def share(unit, settings):
    """24 quiet months and one of 20 in 100, charted and forecast; one looks from the 10th of the next month."""
    settings.AS_OF = day_after(25).isoformat()
    kpi = a_share(unit, code="seen", name="Seen in time")
    TargetFactory(kpi=kpi, value=95)
    write(kpi, [*met(24), 20], target=95.0)
    write_parts(kpi, {"a": [(30, 50), (15, 50)], "b": [(30, 50), (5, 50)]}, first=23)
    find(kpi)
    landing.make_forecasts([kpi.pk], day=day_after(25), now=NOW)
    return kpi


def find(*kpis):
    return signalling.find_signals([kpi.pk for kpi in kpis], day=day_after(25), now=NOW)


def opened(client, user, name, *args, expect=200, **query) -> str:
    client.force_login(user)
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == expect, answer.content.decode()[:1500]
    return answer.content.decode()


def figure_of(text: str, name: str = "control") -> dict:
    found = re.search(rf'<script id="{name}-figure" type="application/json">(.*?)</script>', text, re.DOTALL)
    return json.loads(found[1])


def traces(text: str, name: str = "control") -> dict[str, dict]:
    return {trace["meta"]: trace for trace in figure_of(text, name)["data"]}


def called(client, user, path, method="get", expect=200, **body):
    token = ApiTokenFactory(user=user, scopes=["read", "define"])
    options = {"headers": {"Authorization": f"Bearer {token.secret}"}}
    if method != "get":
        options |= {"data": body, "content_type": "application/json"}
    answer = getattr(client, method)(path, **options)
    assert answer.status_code == expect, answer.content.decode()
    return answer.json() if answer.content else None


@pytest.fixture
def viewer(unit):
    return member(Role.VIEWER, unit)


@pytest.fixture
def manager(unit):
    return member(Role.MANAGER, unit)


@pytest.fixture
def analyst(unit):
    return member(Role.ANALYST, unit)


class TestTheKpisPage:
    def test_the_limits_on_the_page_are_those_of_plain_numpy(self, client, share, viewer):
        drawn = traces(opened(client, viewer, "kpi", "seen"))
        counts, sizes = np.array([*met(24), 20]), np.full(25, 100)
        p = counts[:24].sum() / sizes[:24].sum()
        plain = np.sqrt(p * (1 - p) / sizes)
        factor = np.abs(np.diff(((counts / sizes - p) / plain)[:24])).mean() / 1.128379
        assert drawn["centre"]["y"] == pytest.approx([100 * p] * 25)
        upper, lower = (
            t["y"] for t in figure_of(opened(client, viewer, "kpi", "seen"))["data"] if t["meta"] == "limit"
        )
        assert upper == pytest.approx((100 * (p + 3 * factor * plain)).tolist(), rel=1e-6)
        assert lower == pytest.approx((100 * (p - 3 * factor * plain)).tolist(), rel=1e-6)

    def test_the_four_lines_and_the_forecast_differ(self, client, share, viewer):
        drawn = traces(opened(client, viewer, "kpi", "seen"))
        looks = {drawn[name]["line"].get("dash", "solid") for name in ("target", "limit", "actual", "forecast")}
        assert len(looks) == 4
        assert drawn["signal-bad"]["x"] == ["Jan 2025"]

    def test_it_says_what_fired_and_where_it_will_land(self, client, share, viewer):
        text = opened(client, viewer, "kpi", "seen")
        assert "1 point beyond a control limit, low side: Jan 2025" in text
        assert "Concerning: Special cause of the worse kind" in text and "Will fail" in text
        assert "Where Feb 2025 will land" in text and "Back-test" in text

    def test_the_open_month_is_drawn_but_in_no_limit(self, client, share, viewer):
        write(share, [90], first=25, is_open=True)
        drawn = traces(opened(client, viewer, "kpi", "seen"))
        assert drawn["open"]["y"][-1] == 90
        assert drawn["centre"]["y"][-1] is None

    def test_eleven_months_keep_the_trend_and_say_why(self, client, unit, viewer, settings):
        settings.AS_OF = day_after(11).isoformat()
        write(a_share(unit, code="young"), met(11))
        text = opened(client, viewer, "kpi", "young")
        assert 'id="trend-figure"' in text and "there are 11" in text

    def test_no_nan_reaches_a_page(self, client, unit, viewer, settings):
        settings.AS_OF = day_after(26).isoformat()
        kpi = an_amount(unit, code="odd")
        write(kpi, [None, 0.0, *[5.0] * 20, None, 1e12, -1e12, 5.0])
        find(kpi)
        for name in ("kpi", "kpi_chart", "kpi_drivers"):
            text = opened(client, viewer, name, "odd")
            assert not re.search(r"\bNaN\b|\bInfinity\b|\bnan\b", text)


class TestTheChartsPage:
    def test_it_defines_its_rules(self, client, share, viewer):
        text = opened(client, viewer, "kpi_chart", "seen")
        assert "7 points in a row on the same side of the centre" in text
        assert "Propose a re-base" not in text  # a viewer changes nothing

    def test_an_analyst_proposes_and_a_manager_approves(self, client, share, analyst, manager):
        client.force_login(analyst)
        asked = {"starts_on": month(12), "reason": "New triage desk"}
        client.post(reverse("kpi_chart_change", args=["seen", "propose"]), asked)
        phase = ChartPhase.objects.get()
        assert "waits for a second person" in opened(client, analyst, "kpi_chart", "seen")
        assert client.post(reverse("phase_decide", args=[phase.pk, "approve"])).status_code == 403
        assert "a re-base from" in opened(client, manager, "home")
        assert "New triage desk" in opened(client, manager, "signals")
        client.post(reverse("phase_decide", args=[phase.pk, "approve"]))
        text = opened(client, manager, "kpi_chart", "seen")
        assert len(figure_of(text)["layout"]["shapes"]) == 1  # where the phase begins

    def test_rules_and_chart_are_chosen_with_a_reason(self, client, share, analyst):
        client.force_login(analyst)
        address = reverse("kpi_chart_change", args=["seen", "set"])
        chosen = {"rule_set": "nelson", "chart": "individuals", "baseline": "all"}
        assert client.post(address, chosen).status_code == 422
        client.post(address, chosen | {"reason": "Rules of the house"})
        assert ChartSetting.objects.get().rule_set == "nelson"
        assert "14 points in a row alternating" in opened(client, analyst, "kpi_chart", "seen")

    def test_a_lock_without_periods_is_said_beside_the_field(self, client, share, analyst):
        client.force_login(analyst)
        chosen = {"rule_set": "nhs", "chart": "auto", "baseline": "locked", "reason": "x"}
        answer = client.post(reverse("kpi_chart_change", args=["seen", "set"]), chosen)
        assert answer.status_code == 422 and "names its first and its last period" in answer.content.decode()

    def test_a_point_is_left_out_and_taken_back(self, client, share, analyst):
        client.force_login(analyst)
        address = reverse("kpi_chart_change", args=["seen", "exclude"])
        client.post(address, {"day": month(24), "reason": "Flood <b>"})
        text = opened(client, analyst, "kpi_chart", "seen")
        assert traces(text)["excluded"]["text"] == ["Flood &lt;b&gt;"]
        assert "signal-bad" not in traces(text)
        point = re.search(r'name="point" value="(\d+)"', text)[1]
        client.post(reverse("kpi_chart_change", args=["seen", "include"]), {"point": point})
        assert "signal-bad" in traces(opened(client, analyst, "kpi_chart", "seen"))


class TestDrivers:
    def test_parts_add_up_on_the_page(self, client, share, viewer):
        text = opened(client, viewer, "kpi_drivers", "seen")
        drawn = traces(text, "bridge")
        assert sorted(drawn["parts"]["x"]) == ["a", "b"]
        assert drawn["ends"]["y"] == [60, 20]
        assert sum(drawn["parts"]["y"]) == pytest.approx(40)

    def test_a_refusal_is_in_words(self, client, unit, viewer, settings):
        settings.AS_OF = day_after(3).isoformat()
        write(an_amount(unit, code="late", kind="percentile"), [1.0, 2.0, 3.0])
        assert "cannot add up" in opened(client, viewer, "kpi_drivers", "late")

    def test_an_odd_period_is_said(self, client, share, viewer):
        assert "is not a day" in opened(client, viewer, "kpi_drivers", "seen", against="soon")


class TestIcons:
    def test_every_list_carries_them_with_words(self, client, share, unit, viewer):
        card = ScorecardFactory(unit=unit)
        card.nodes.create(kind="kpi", kpi=share).weights.create(weight=1)
        words = 'aria-label="Concerning: Special cause of the worse kind, 1 point beyond a control limit"'
        for name, *args in (("kpis",), ("scorecard", card.code), ("heatmap",), ("home",)):
            assert words in opened(client, viewer, name, *args), name
        assert "Will fail" in opened(client, viewer, "signals")

    def test_of_an_earlier_period_there_is_none(self, share, viewer):
        from kpis.selectors import status_of
        from lake.periods import Calendar
        from organization.access import access_of

        access, day = access_of(viewer, day_after(25)), day_after(25)
        then = status_of(share, share.unit, day, access, period=Calendar().period_of(month(20), "month"))
        assert then.verdict is None


class TestTheApi:
    def test_a_chart_with_its_signals(self, client, share, viewer):
        said = called(client, viewer, "/api/v1/kpis/seen/chart/")
        assert (said["chart"], said["rule_set"], len(said["points"])) == ("laney_p", "nhs", 25)
        assert said["verdict"]["variation"] == "concerning"
        assert [s["rule"] for s in said["signals"]] == ["nhs_limits"]
        assert said["definitions"]["nhs_limits"] == "1 point beyond a control limit"
        stored = called(client, viewer, "/api/v1/kpis/seen/signals/")
        assert [(s["rule"], s["period_start"], s["kind"]) for s in stored] == [("nhs_limits", "2025-01-01", "bad")]

    def test_a_forecast_with_its_back_test(self, client, share, viewer):
        said = called(client, viewer, "/api/v1/kpis/seen/forecast/")
        assert said["forecast"]["period_start"] == "2025-02-01"
        assert said["forecast"]["back_test"]["chosen"]["mae"] > 0
        assert 0 <= said["forecast"]["chance"] <= 1

    def test_drivers_of_any_two_periods(self, client, share, viewer):
        said = called(client, viewer, "/api/v1/kpis/seen/drivers/?dimension=site&period=2025-01-20&against=2024-12-01")
        assert said["change"] == pytest.approx(sum(part["total"] for part in said["parts"]))
        refused = called(client, viewer, "/api/v1/kpis/seen/drivers/?dimension=planet")
        assert "keeps site" in refused["refusal"]

    def test_what_is_asked_wrongly_is_said(self, client, share, viewer):
        for query in ("grain=hour", "unit=nowhere", "colour=red"):
            called(client, viewer, f"/api/v1/kpis/seen/chart/?{query}", expect=400)

    def test_a_chart_is_set_by_who_defines(self, client, share, viewer, analyst):
        asked = {"kpi": "seen", "unit": "ward", "grain": "month", "reason": "House", "rule_set": "western_electric"}
        called(client, viewer, "/api/v1/chart-settings/", "post", 403, **asked)
        assert called(client, analyst, "/api/v1/chart-settings/", "post", **asked)["rule_set"] == "western_electric"
        wrong = asked | {"baseline": "locked"}
        called(client, analyst, "/api/v1/chart-settings/", "post", 400, **wrong)

    def test_a_re_base_needs_two(self, client, share, analyst, manager):
        asked = {"kpi": "seen", "unit": "ward", "grain": "month", "reason": "New desk", "starts_on": "2024-01-09"}
        phase = called(client, manager, "/api/v1/chart-phases/", "post", 201, **asked)
        assert (phase["starts_on"], phase["state"]) == ("2024-01-01", "proposed")
        called(client, manager, f"/api/v1/chart-phases/{phase['id']}/approve/", "post", 409)
        called(client, analyst, f"/api/v1/chart-phases/{phase['id']}/approve/", "post", 403)
        other = member(Role.MANAGER, share.unit)
        assert called(client, other, f"/api/v1/chart-phases/{phase['id']}/approve/", "post")["state"] == "approved"

    def test_a_point_left_out(self, client, share, analyst):
        asked = {"kpi": "seen", "unit": "ward", "grain": "month", "reason": "Flood", "day": "2025-01-31"}
        point = called(client, analyst, "/api/v1/excluded-points/", "post", 201, **asked)
        assert called(client, analyst, "/api/v1/kpis/seen/chart/")["points"][-1]["excluded"] == "Flood"
        called(client, analyst, f"/api/v1/excluded-points/{point['id']}/", "delete", 204)


class TestCosts:
    def queries(self, client, user, name, *args, **query) -> int:
        opened(client, user, name, *args, **query)
        with CaptureQueriesContext(connection) as made:
            opened(client, user, name, *args, **query)
        return len(made)

    def test_pages_cost_the_same_with_one_series_and_with_fifty(self, client, share, unit, viewer):
        card = ScorecardFactory(unit=unit)
        card.nodes.create(kind="kpi", kpi=share).weights.create(weight=1)
        pages = [("kpi", "seen"), ("kpi_chart", "seen"), ("kpi_drivers", "seen"), ("signals",), ("kpis",), ("home",)]
        pages += [("scorecard", card.code), ("heatmap",)]
        before = {page: self.queries(client, viewer, *page) for page in pages}
        many = [a_share(unit) for _ in range(50)]
        for kpi in many:
            write(kpi, [*met(24), 20], target=95.0)
            card.nodes.create(kind="kpi", kpi=kpi).weights.create(weight=1)
        find(share, *many)
        assert {page: self.queries(client, viewer, *page) for page in pages} == before

    def test_lists_of_the_api_too(self, client, share, unit, viewer, django_assert_max_num_queries):
        others = [UnitFactory(parent=unit) for _ in range(50)]
        for other in others:
            write(share, [*met(24), 20], unit=other)
        find(share)
        for name in ("signals", "chart-verdicts", "forecasts"):
            called(client, viewer, f"/api/v1/{name}/")
            with django_assert_max_num_queries(12):
                called(client, viewer, f"/api/v1/{name}/")
