"""Figures: their points and their marks, not their pixels."""

import json
from decimal import Decimal

from dashboards.charts import breakdown, control, pareto, trend, waterfall
from dashboards.charts.breakdown import Part
from dashboards.charts.control import Landing
from dashboards.charts.control import Point as ControlPoint
from dashboards.charts.lines import STYLES
from dashboards.charts.pareto import cumulative_shares
from dashboards.charts.trend import Point, actual_lines
from dashboards.charts.waterfall import Step

POINTS = [
    Point("Jan", 96.0, 95, 95, 92, 90.0, "green"),
    Point("Feb", 93.0, 95, 95, 92, None, "amber"),
    Point("Mar", 91.0, 95, 95, 92, 92.0, "red", note="<b>Flood</b>"),
    Point("Apr", 94.0, 95, 95, 92, 93.0, "amber", is_open=True),
]


def traces(chart):
    return {trace["meta"]: trace for trace in chart.figure["data"]}


def test_a_trend_draws_closed_periods_solid_and_the_step_into_the_open_one_dashed():
    drawn = traces(trend(POINTS, title="On time", format="percent:1"))
    assert drawn["actual"]["y"] == [96.0, 93.0, 91.0, None]
    assert "dash" not in drawn["actual"]["line"]
    assert drawn["open"]["y"] == [None, None, 91.0, 94.0]
    assert drawn["open"]["line"]["dash"]
    assert drawn["open"]["marker"]["size"] == [0, 0, 0, 8]
    assert drawn["prior"]["y"] == [90.0, None, 92.0, 93.0]
    assert drawn["target"]["y"] == [95.0] * 4


def test_misses_are_marked_by_shape_and_an_open_period_has_no_status():
    drawn = traces(trend(POINTS, title="On time"))
    assert (drawn["red"]["x"], drawn["red"]["marker"]["symbol"]) == (["Mar"], "diamond")
    assert (drawn["amber"]["x"], drawn["amber"]["marker"]["symbol"]) == (["Feb"], "triangle-up")


def test_bands_lie_on_the_bad_side_of_the_target():
    red, amber = trend(POINTS, title="On time", direction="higher").figure["layout"]["shapes"]
    assert (amber["y0"], amber["y1"], red["y1"]) == (92, 95, 92)
    late = [Point("Jan", 50, 48, 48, 60), Point("Feb", 70, 48, 48, 60)]
    red, amber = trend(late, title="Hours", direction="lower").figure["layout"]["shapes"]
    assert (amber["y0"], amber["y1"], red["y0"]) == (48, 60, 60)
    assert red["y1"] > 70
    assert trend(POINTS, title="For information", direction="none").figure["layout"]["shapes"] == []


def test_a_share_is_drawn_in_percent_and_its_table_keeps_the_value():
    chart = trend([Point("Jan", Decimal("0.9625"), Decimal("0.95"))], title="On time", format="share:1")
    assert traces(chart)["actual"]["y"] == [96.25]
    assert chart.rows == [["Jan", Decimal("0.9625"), Decimal("0.95"), None]]


def test_figures_are_json_without_nan_and_without_markup_of_users():
    hostile = [Point("Jan", float("nan")), Point("<i>Feb</i>", 3.0, note="<img src=x>")]
    charts = [
        trend(hostile, title="<b>T</b>"),
        breakdown([Part("<b>x</b>", 1, "red"), Part("y")], title="B"),
        pareto([("<b>x</b>", 3)], title="P"),
        trend([], title="Nothing yet"),
        pareto([], title="Nothing yet"),
        breakdown([], title="Nothing yet"),
        control([ControlPoint("<i>Jan</i>", float("nan"), excluded="<b>x</b>", kind="bad")], title="<b>C</b>"),
        control([], title="Nothing yet"),
        waterfall(Step("<b>a</b>", float("inf"), "<i>"), [Step("<b>x</b>", None, "<img>")], Step("c", 1), title="W"),
    ]
    for chart in charts:
        written = json.dumps(chart.figure, allow_nan=False)
        assert "<b>" not in written
        assert "<img" not in written
        assert "<i>" not in written


def test_a_breakdown_keeps_the_given_order_and_colours_only_misses():
    parts = [Part("North", 91, "red", 10), Part("South", 96, "green", 20), Part("Isle", None)]
    chart = breakdown(parts, title="By region", target=95)
    (bars,) = chart.figure["data"]
    assert (bars["y"], bars["x"]) == (["North", "South", "Isle"], [91.0, 96.0, None])
    assert bars["marker"]["color"][:2] == ["token:tone-negative", "token:chart-actual-soft"]
    assert chart.figure["layout"]["shapes"][0]["x0"] == 95
    assert chart.summary == "By region: 2 of 3 have a value."


def test_running_shares_end_at_the_whole():
    assert cumulative_shares([6, 3, 1]) == [60.0, 90.0, 100.0]
    assert cumulative_shares([0, 0]) == [0.0, 0.0]


def test_a_pareto_sorts_gathers_the_rest_and_sets_its_own_ticks():
    chart = pareto([("a", 1), ("b", 6), ("c", 2), ("d", 1)], title="Causes", keep=3)
    bars, running = chart.figure["data"]
    assert (bars["x"], bars["y"]) == (["b", "c", "2 others"], [6.0, 2.0, 2.0])
    assert running["y"] == [60.0, 80.0, 100.0]
    assert chart.figure["layout"]["yaxis2"]["tickmode"] == "linear"  # plotly.js 4 would sync it to 24.9, 49.9 ...


CONTROLLED = [
    ControlPoint("Jan", 60, 62, 50, 74, 95, 80, phase=1),
    ControlPoint("Feb", 20, 62, 50, 74, 95, 80, phase=1, kind="bad", rules=("1 point beyond a control limit",)),
    ControlPoint("Mar", 82, 82, 70, 94, 95, 80, phase=2, excluded="Flood"),
    ControlPoint("Apr", 81, target=95, is_open=True),
]


def test_limits_are_drawn_per_phase_and_never_join_two():
    data = control(CONTROLLED, title="Seen").figure["data"]
    centres = [trace["y"] for trace in data if trace["meta"] == "centre"]
    assert centres == [[62, 62, None, None], [None, None, 82, None]]
    (phase,) = control(CONTROLLED, title="Seen").figure["layout"]["shapes"]
    assert phase["x0"] == "Mar"


def test_signals_point_down_for_worse_and_what_is_left_out_stays_with_its_reason():
    drawn = traces(control(CONTROLLED, title="Seen"))
    assert (drawn["signal-bad"]["x"], drawn["signal-bad"]["marker"]["symbol"]) == (["Feb"], "triangle-down")
    assert drawn["signal-bad"]["text"] == ["1 point beyond a control limit"]
    assert (drawn["excluded"]["x"], drawn["excluded"]["text"]) == (["Mar"], ["Flood"])


def test_a_forecast_is_dashed_from_the_last_complete_value_with_its_interval():
    drawn = traces(control(CONTROLLED, title="Seen", landing=Landing("May", 84, 80, 89, 0.8)))["forecast"]
    assert (drawn["x"], drawn["y"]) == (["Mar", "May"], [82, 84])
    assert (drawn["error_y"]["array"], drawn["error_y"]["arrayminus"]) == ([0, 5], [0, 4])
    assert drawn["name"] == "Forecast, 80 % interval"


def test_a_target_that_moves_with_the_periods_is_a_trajectory():
    moving = [ControlPoint(str(n), n, target=n) for n in range(6)]
    assert "trajectory" in traces(control(moving, title="Plan"))
    assert "target" in traces(control(CONTROLLED, title="Seen"))


def test_the_four_lines_look_different():
    looks = [
        (STYLES[kind]["color"], STYLES[kind]["dash"]) for kind in ("target", "limit", "specification", "trajectory")
    ]
    assert len(set(looks)) == len({colour for colour, _ in looks}) == len({dash for _, dash in looks}) == 4


def test_a_bridge_goes_from_end_to_end_by_its_parts():
    steps = [Step("a", 3, "+3"), Step("b", -1, "-1")]
    drawn = traces(waterfall(Step("Jan", 10), steps, Step("Feb", 12), title="Moved"))
    assert (drawn["parts"]["base"], drawn["parts"]["y"]) == ([10, 12], [3, 1])
    assert drawn["ends"]["y"] == [10, 12]


def test_a_period_without_neighbours_is_a_dot():
    points = [Point(label, value) for label, value in (("Jan", 1.0), ("Feb", None), ("Mar", 2.0), ("Apr", 3.0))]
    (solid,) = actual_lines(points, [p.label for p in points], [p.value for p in points], "")
    assert solid["marker"]["size"] == [6, 0, 0, 0]
