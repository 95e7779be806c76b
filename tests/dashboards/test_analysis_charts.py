"""Charts of analyses: their points and their marks, not their pixels."""

import json

import pytest

from dashboards import charts
from dashboards.charts.boxes import Box
from dashboards.charts.intervals import Interval
from dashboards.templatetags.pictures import BUILDERS, check_state, p_value, picture_of, significant, when
from studies.analysis import Sample, answered


def test_boxes_carry_five_numbers_and_some_far_values():
    box = Box("<b>A</b>", 40, 1, 2, 3, 4, 6, 3.2, outliers=[9.0, 10.0], outside=5)
    chart = charts.boxes([box], title="Hours", value="hours")
    drawn, far = chart.figure["data"]
    five = [drawn[name] for name in ("lowerfence", "q1", "median", "q3", "upperfence")]
    assert five == [[1], [2], [3], [4], [6]]
    assert far["y"] == [9.0, 10.0]
    assert drawn["x"] == ["&lt;b&gt;A&lt;/b&gt;"]
    assert chart.notes == ("3 more values lie beyond the whiskers.",)


def test_intervals_reach_from_low_to_high():
    chart = charts.intervals(
        [Interval("a", 0.5, 0.4, 0.7), Interval("b", 0.2), Interval("c", -0.1, -0.3, 0)], title="Shares", unit="share"
    )
    (dots,) = chart.figure["data"]
    assert dots["x"] == [50.0, 20.0, -10.0]
    assert dots["error_x"]["array"] == pytest.approx([20.0, 0.0, 10.0])  # the third ends at exactly 0
    assert dots["error_x"]["arrayminus"] == pytest.approx([10.0, 0.0, 20.0])
    ratio = charts.intervals([Interval("a", 2, 1.5, 3)], title="Odds", unit="ratio", reference=1.0)
    assert ratio.figure["layout"]["xaxis"]["type"] == "log"
    assert ratio.figure["layout"]["shapes"][0]["x0"] == 1.0


def test_a_control_chart_marks_signals_where_they_fired():
    data = {"labels": ["a", "b", "c"], "points": [1, 5, 2], "value": "days"}
    data |= {"centre": [2, 2, 2], "lower": [0, 0, 0], "upper": [4, 4, 4]}
    fired = [{"position": 1, "words": "beyond <limit>"}, {"position": 1, "words": "two of three"}]
    chart = BUILDERS["control"]("T", data | {"signals": fired})
    traces = {trace["meta"]: trace for trace in chart.figure["data"]}
    assert traces["actual"]["y"] == [1, 5, 2]
    assert (traces["signal-neutral"]["x"], traces["signal-neutral"]["y"]) == (["b"], [5])
    assert traces["signal-neutral"]["text"] == ["beyond &lt;limit&gt;; two of three"]
    assert [t["y"] for t in chart.figure["data"] if t["meta"] == "limit"] == [[4, 4, 4], [0, 0, 0]]


def test_a_run_chart_has_a_median_and_no_limits():
    chart = charts.run_chart(["a", "b"], [1, 3], median=2, title="T")
    assert [trace["meta"] for trace in chart.figure["data"]] == ["prior", "actual"]
    assert chart.figure["data"][0]["y"] == [2, 2]


def test_a_histogram_shows_the_specification_and_the_normal_curve_of_as_many_values():
    chart = charts.histogram([0, 1, 2, 3], [1, 2, 1], title="T", mean=1.5, deviation=0.8, lsl=0.5, usl=None, target=1.5)
    bars, curve = chart.figure["data"]
    assert (bars["x"], bars["y"]) == ([0.5, 1.5, 2.5], [1, 2, 1])
    assert max(curve["y"]) == pytest.approx(4 / (0.8 * 2.5066283), rel=1e-3)
    assert [shape["x0"] for shape in chart.figure["layout"]["shapes"]] == [0.5, 1.5]


def test_a_scatter_has_its_line_at_the_ends():
    chart = charts.scatter([1, 3], [2, 8], title="T", x_name="x", y_name="y", slope=3, intercept=-1, of=9)
    assert chart.figure["data"][1]["y"] == [2, 8]
    assert chart.subtitle == "2 of 9 drawn"


def test_an_interruption_carries_the_old_line_on_from_the_change():
    chart = charts.interrupted(["a", "b", "c"], [1, 2, 9], fitted=[1, 2, 9], expected=[1, 2, 3], at=2, title="T")
    assert chart.figure["data"][2]["y"] == [None, 2, 3]
    assert chart.figure["layout"]["shapes"][0]["x0"] == 1.5


def test_power_rises_to_the_number_needed():
    chart = charts.power_curve([10, 20], [0.5, 0.8], title="T", needed=20, wanted=0.8)
    assert chart.figure["data"][0]["y"] == [50.0, 80.0]
    assert chart.figure["layout"]["shapes"][0]["x0"] == 20


DAYS = [f"2025-{n // 28 + 1:02d}-{n % 28 + 1:02d}" for n in range(60)]
NUMBERS = [float(n * 7 % 11) for n in range(60)]
SAMPLE = Sample(
    {
        "x": NUMBERS,
        "y": [2 * n + 1 for n in NUMBERS],
        "g": ["a", "b", "c"] * 20,
        "ok": [True, False, True, False, False] * 12,
    },
    DAYS,
    60,
)


@pytest.mark.parametrize(
    ("question", "options", "kinds"),
    [
        ("difference", {"value": "x", "group": "g"}, ["box"]),
        ("difference", {"value": "ok", "group": "g"}, ["intervals"]),
        ("stability", {"value": "x", "usl": 12}, ["control", "histogram"]),
        ("influence", {"value": "x", "drivers": ["g", "ok"]}, ["intervals"]),
        ("influence", {"value": "ok", "drivers": ["x"]}, ["intervals"]),
        ("causes", {"cause": "g"}, ["pareto"]),
        ("sample_size", {"value": "x", "difference": 1}, ["power"]),
        ("interruption", {"value": "x", "day": "2025-02-01"}, ["interrupted"]),
    ],
)
def test_every_picture_of_an_analysis_has_its_chart(question, options, kinds):
    pictures = answered(question, SAMPLE, options)["pictures"]
    assert [picture["kind"] for picture in pictures] == kinds
    assert set(kinds) <= set(BUILDERS)
    for picture in pictures:
        chart = picture_of(picture)
        json.dumps(chart.figure, allow_nan=False)
        assert chart.summary
        assert chart.rows


def test_numbers_of_unknown_unit_keep_four_digits():
    assert [significant(one) for one in (None, "a", 12345, 1234.5, 0.123456, 0, 0.00001234)] == [
        "–", "a", "12,345", "1,234", "0.1235", "0", "1.23e-05"
    ]  # fmt: skip
    assert significant(-0.836, "points") == "\N{MINUS SIGN}83.6\N{NO-BREAK SPACE}pts"
    assert significant(1.0, "share") == "100.0\N{NO-BREAK SPACE}%"
    assert (p_value(0.0004), p_value(0.1234)) == ("p < 0.001", "p = 0.123")
    assert [check_state(one) for one in (True, False, None)] == ["passed", "warning", "info"]


def test_days_on_an_axis_are_written_as_people_write_them():
    assert when(["2016-04-01", "2016-05-01"]) == ["Apr 2016", "May 2016"]
    assert when(["2016-04-01", "2016-04-08"]) == ["1 Apr 2016", "8 Apr 2016"]
    assert when(["2016-04-01 09:30"]) == ["1 Apr 2016 09:30"]
    assert when(["1", "2"]) == ["1", "2"]
