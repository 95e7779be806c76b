import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analytics.inputs import EmptyInput, NotFinite, OutOfRange, ZeroDenominator
from analytics.simulation.distributions import Empirical, Fixed, Lognormal, Normal, Pert, Triangular, WrongShape
from analytics.simulation.monte_carlo import ImpossibleCorrelation, breaking_point, simulate, tornado
from analytics.simulation.network import BrokenNetwork, Link, Task, schedule, simulate_schedule
from analytics.simulation.tree import BrokenTree, DriverTree, Node

SHARES = np.linspace(0.01, 0.99, 99)
COST = DriverTree((Node("cost", "product", ("volume", "minutes", "rate")),), "cost")


class TestDistributions:
    @pytest.mark.parametrize(
        ("own", "peer"),
        [
            (Triangular(2, 3, 10), stats.triang(1 / 8, 2, 8)),
            (Triangular(2, 2, 10), stats.triang(0, 2, 8)),
            (Pert(2, 3, 10), stats.beta(1 + 4 / 8, 1 + 28 / 8, 2, 8)),
            (Normal(5, 2), stats.norm(5, 2)),
            (Lognormal(4, 9), stats.lognorm(np.log(9 / 4) / stats.norm.ppf(0.9), scale=4)),
        ],
        ids=["triangular", "triangular with a step", "pert", "normal", "lognormal"],
    )
    def test_quantiles_are_those_of_scipy(self, own, peer):
        assert own.quantile(SHARES) == pytest.approx(peer.ppf(SHARES))

    def test_empirical_interpolates_and_stays_inside(self):
        values = Empirical((3.0, 1.0, 2.0)).quantile(np.array([0.0, 0.25, 0.5, 1.0]))
        assert values.tolist() == [1, 1.5, 2, 3]

    @pytest.mark.parametrize(
        ("make", "error"),
        [
            (lambda: Triangular(3, 2, 5), WrongShape),
            (lambda: Pert(5, 5, 5), WrongShape),
            (lambda: Pert(1, float("nan"), 5), NotFinite),
            (lambda: Normal(0, -1), OutOfRange),
            (lambda: Lognormal(4, 3), WrongShape),
            (lambda: Lognormal(0, 3), OutOfRange),
            (lambda: Empirical(()), EmptyInput),
        ],
    )
    def test_bad_shapes(self, make, error):
        with pytest.raises(error):
            make()


class TestTree:
    def test_nodes_in_any_order(self):
        tree = DriverTree(
            (
                Node("margin", "difference", ("revenue", "cost")),
                Node("revenue", "product", ("units", "price")),
                Node("cost", "sum", ("fixed", "variable")),
                Node("share", "ratio", ("margin", "revenue")),
            ),
            "share",
        )
        assert tree.inputs == ("units", "price", "fixed", "variable")
        values = {"units": [10.0], "price": [5.0], "fixed": [20.0], "variable": [10.0]}
        assert tree.evaluate({k: np.array(v) for k, v in values.items()}).tolist() == [0.4]

    @pytest.mark.parametrize(
        ("nodes", "output", "error"),
        [
            ((), "x", EmptyInput),
            ((Node("a", "sum", ("b",)), Node("b", "sum", ("a",))), "a", BrokenTree),
            ((Node("a", "sum", ("x",)), Node("a", "sum", ("y",))), "a", BrokenTree),
            ((Node("a", "sum", ("x",)),), "b", BrokenTree),
            ((Node("a", "ratio", ("x", "y", "z")),), "a", BrokenTree),
            ((Node("a", "power", ("x", "y")),), "a", OutOfRange),
        ],
    )
    def test_broken_trees(self, nodes, output, error):
        with pytest.raises(error):
            DriverTree(nodes, output)

    def test_a_denominator_that_can_be_zero_is_refused(self):
        tree = DriverTree((Node("a", "ratio", ("x", "y")),), "a")
        with pytest.raises(ZeroDenominator, match="y can be zero"):
            simulate(tree, {"x": Fixed(1), "y": Fixed(0)})


class TestMonteCarlo:
    def test_a_sum_of_normals_is_normal(self):
        tree = DriverTree((Node("total", "sum", ("a", "b")),), "total")
        result = simulate(tree, {"a": Normal(10, 3), "b": Normal(20, 4)}, target=30, draws=40_000)
        assert (result.mean, result.deviation) == pytest.approx((30, 5), abs=0.1)
        assert result.p90 == pytest.approx(30 + 5 * 1.2816, abs=0.15)
        assert result.missing == pytest.approx(0.5, abs=4 * result.missing_error)

    @pytest.mark.parametrize(("r", "deviation"), [(1.0, 7), (-1.0, 1), (0.5, 37**0.5)])
    def test_correlation_widens_or_narrows(self, r, deviation):
        tree = DriverTree((Node("total", "sum", ("a", "b")),), "total")
        inputs = {"a": Normal(10, 3), "b": Normal(20, 4)}
        result = simulate(tree, inputs, correlations={("a", "b"): r}, draws=40_000)
        assert result.deviation == pytest.approx(deviation, rel=0.02)

    def test_margins_keep_their_shape_under_correlation(self):
        tree = DriverTree((Node("a only", "sum", ("a", "zero")), Node("zero", "product", ("b", "nought"))), "a only")
        inputs = {"a": Triangular(0, 2, 10), "b": Normal(0, 1), "nought": Fixed(0)}
        result = simulate(tree, inputs, correlations={("a", "b"): 0.8}, draws=20_000)
        assert stats.kstest(result.values, stats.triang(0.2, 0, 10).cdf).pvalue > 0.01

    def test_the_same_seed_gives_the_same_answer(self):
        inputs = {"volume": Normal(100, 5), "minutes": Pert(3, 4, 9), "rate": Fixed(0.5)}
        one, same, other = (simulate(COST, inputs, seed=seed) for seed in (5, 5, 6))
        assert one.values.tolist() == same.values.tolist()
        assert one.values.tolist() != other.values.tolist()

    def test_the_strongest_driver_comes_first(self):
        inputs = {"volume": Normal(100, 1), "minutes": Pert(3, 4, 9), "rate": Fixed(0.5)}
        drivers = simulate(COST, inputs).drivers
        assert [name for name, _ in drivers] == ["minutes", "volume", "rate"]
        assert drivers[2][1] == 0

    def test_on_the_target_is_met(self):
        tree = DriverTree((Node("a", "sum", ("x",)),), "a")
        assert simulate(tree, {"x": Fixed(5)}, target=5, better="higher").missing == 0
        assert simulate(tree, {"x": Fixed(5)}, target=5, better="lower").missing == 0

    def test_tornado_and_breaking_point(self):
        inputs = {"volume": Normal(100, 10), "minutes": Triangular(3, 4, 5), "rate": Fixed(0.5)}
        swings = tornado(COST, inputs)
        assert swings.base == 200
        assert [swing.name for swing in swings.swings] == ["minutes", "volume", "rate"]
        assert swings.swings[0].swing == pytest.approx((2 - 2 * 0.2**0.5) * 50)  # P10 is 3 + sqrt(0.2)
        assert swings.swings[1].swing == pytest.approx(2 * 1.28155 * 10 * 4 * 0.5, rel=1e-4)
        assert breaking_point(COST, inputs, "volume", 50, 200, target=250).value == pytest.approx(125)

    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"correlations": {("volume", "minutes"): 2}}, OutOfRange),
            ({"correlations": {("volume", "weather"): 0.2}}, BrokenTree),
            (
                {"correlations": {("volume", "minutes"): 0.9, ("minutes", "rate"): 0.9, ("volume", "rate"): -0.9}},
                ImpossibleCorrelation,
            ),
            ({"draws": 10}, OutOfRange),
            ({"inputs": {"volume": Fixed(1)}}, BrokenTree),
        ],
    )
    def test_bad_input(self, change, error):
        inputs = {"volume": Normal(100, 1), "minutes": Pert(3, 4, 9), "rate": Normal(1, 0.1)}
        with pytest.raises(error):
            simulate(COST, **({"inputs": inputs} | change))


def after(*names):
    return tuple(Link(name) for name in names)


PLAN = [
    Task("a", 3),
    Task("b", 4, after("a")),
    Task("c", 2, after("a")),
    Task("d", 5, after("b", "c")),
    Task("e", 1, after("c")),
]


class TestNetwork:
    def test_by_hand(self):
        result = schedule(PLAN)
        assert result.finish == 12
        assert result.critical == ("a", "b", "d")
        c, e = result.tasks[2], result.tasks[4]
        assert (c.early_start, c.early_finish, c.late_start, c.total_float, c.free_float) == (3, 5, 5, 2, 0)
        assert (e.early_start, e.late_finish, e.total_float, e.free_float) == (5, 12, 6, 6)

    @pytest.mark.parametrize(
        ("link", "start"),
        [
            (Link("a", "FS", 2), 12),
            (Link("a", "FS", -3), 7),
            (Link("a", "SS", 2), 2),
            (Link("a", "FF", 1), 7),
            (Link("a", "SF", 6), 2),
        ],
    )
    def test_kinds_of_links(self, link, start):
        plan = schedule([Task("a", 10), Task("b", 4, (link,))])
        assert plan.tasks[1].early_start == start

    def test_fixed_durations_simulate_to_the_plan(self):
        result = simulate_schedule(PLAN, {}, draws=100)
        assert result.p50 == result.pert_mean == 12
        assert dict(result.criticality) == {"a": 1, "b": 1, "d": 1, "c": 0, "e": 0}

    def test_pert_is_optimistic_where_paths_join(self):
        # two equal paths: the later of the two is what counts
        tasks = [Task("x", 10), Task("y", 10), Task("end", 0, after("x", "y"))]
        result = simulate_schedule(tasks, {"x": Pert(5, 10, 15), "y": Pert(5, 10, 15)})
        assert result.pert_mean == 10
        assert result.mean > 10.9
        assert dict(result.criticality)["x"] == pytest.approx(0.5, abs=0.03)

    @settings(max_examples=20, deadline=None)
    @given(st.lists(st.tuples(st.integers(0, 9), st.lists(st.integers(0, 5), max_size=3)), min_size=1, max_size=7))
    def test_floats_are_never_negative_and_a_path_is_critical(self, rows):
        tasks = [
            Task(str(i), duration, after(*{str(p) for p in before if p < i}))
            for i, (duration, before) in enumerate(rows)
        ]
        plan = schedule(tasks)
        assert min(task.total_float for task in plan.tasks) == 0
        assert all(0 <= task.free_float <= task.total_float + 1e-9 for task in plan.tasks)

    @pytest.mark.parametrize(
        ("tasks", "error"),
        [
            ([], EmptyInput),
            ([Task("a", 1), Task("a", 2)], BrokenNetwork),
            ([Task("a", 1, after("b"))], BrokenNetwork),
            ([Task("a", 1, after("b")), Task("b", 1, after("a"))], BrokenNetwork),
            ([Task("a", -1)], OutOfRange),
        ],
    )
    def test_bad_networks(self, tasks, error):
        with pytest.raises(error):
            schedule(tasks)


def test_a_product_beyond_the_range_of_numbers_is_refused():
    from analytics.inputs import TooLarge
    from analytics.simulation.tree import DriverTree, Node

    names = tuple("abcdefgh")
    tree = DriverTree((Node("all", "product", names),), "all")
    with pytest.raises(TooLarge, match="larger units"):
        tree.evaluate({name: np.array([1e50]) for name in names})
