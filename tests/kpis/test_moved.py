"""What moved a number: parts that add up exactly, or a refusal in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.models import Result
from kpis.moved import Moved, Part, rounded_parts, what_moved
from kpis.selectors.words import KpiRef
from organization.access import access_of
from organization.models import Role
from tests.factories import KpiVersionFactory, member
from tests.kpis.sample_series import a_share, an_amount, day_after, write, write_parts

pytestmark = pytest.mark.django_db


def moved(kpi, dimension="site", months=2) -> Moved:
    day = day_after(months)
    return what_moved(kpi, kpi.unit, None, None, dimension, day, access_of(member(Role.VIEWER, kpi.unit), day))


@pytest.fixture
def share():
    """Easy 760 of 800, then 192 of 200; hard 140 of 200, then 568 of 800: each better, the whole worse."""
    kpi = a_share()
    write(kpi, [900, 760], sizes=[1000, 1000])
    write_parts(kpi, {"easy": [(760, 800), (192, 200)], "hard": [(140, 200), (568, 800)]})
    return kpi


class TestRatios:
    def test_better_everywhere_worse_as_a_whole(self, share):
        said = moved(share)
        assert (said.before, said.after, said.change) == (90, 76, -14)
        assert (said.rate, said.mix, said.joint) == pytest.approx((1, -15, 0))
        assert sum(part.total for part in said.parts) == pytest.approx(-14)

    def test_each_part_is_its_rate_mix_and_joint(self, share):
        for part in moved(share).parts:
            assert part.rate + part.mix + part.joint == pytest.approx(part.total)
        easy = next(part for part in moved(share).parts if part.member == "easy")
        assert (easy.before, easy.after) == (95, 96)
        assert (easy.weight_before, easy.weight_after) == (0.8, 0.2)
        assert easy.mix == pytest.approx(100 * (0.2 - 0.8) * (0.95 - 0.90))  # fewer of what was better than the whole

    def test_plain_arithmetic_over_the_stored_results_says_the_same(self, share):
        rows = Result.objects.filter(dimension="site").order_by("period_start")
        n = {(row.period_start, row.member): (row.numerator, row.denominator) for row in rows}
        whole = [sum(n[key][0] for key in n if key[0] == start) / sum(n[key][1] for key in n if key[0] == start)
                 for start in sorted({key[0] for key in n})]  # fmt: skip
        assert moved(share).change == pytest.approx(100 * (whole[1] - whole[0]))


class TestSums:
    def test_members_add_up(self):
        kpi = an_amount()
        write(kpi, [100.0, 130.0])
        write_parts(kpi, {"a": [60.0, 100.0], "b": [40.0, 30.0]})
        said = moved(kpi)
        assert [(part.member, part.total) for part in said.parts] == [("a", 40), ("b", -10)]
        assert [part.share_pct for part in said.parts] == pytest.approx([400 / 3, -100 / 3])
        assert any("31 days against 28" in note for note in said.notes)  # January has 31, February 28

    def test_beyond_twelve_the_others_are_one_part(self):
        kpi = an_amount()
        write(kpi, [20.0, 40.0])
        write_parts(kpi, {f"m{n:02}": [1.0, 2.0] for n in range(20)})
        said = moved(kpi)
        assert len(said.parts) == 12
        assert (said.parts[-1].member, said.parts[-1].total) == ("9 others", 9)

    def test_no_shares_where_the_changes_nearly_cancel(self):
        kpi = an_amount()
        write(kpi, [100.0, 101.0])
        write_parts(kpi, {"a": [50.0, 80.0], "b": [50.0, 21.0]})
        assert {part.share_pct for part in moved(kpi).parts} == {None}


class TestRefusals:
    @pytest.mark.parametrize(
        ("kind", "words"),
        [
            ("percentile", "cannot add up"),
            ("distinct", "counted once"),
            ("derived", "other KPIs"),
            ("manual", "no parts"),
        ],
    )
    def test_kinds_that_are_not_made_of_parts(self, kind, words):
        kpi = an_amount(kind=kind)
        write(kpi, [1.0, 2.0])
        assert words in moved(kpi).refusal

    def test_members_that_miss_the_whole(self, share):
        Result.objects.filter(member="hard").delete()
        assert "do not add up to the whole" in moved(share).refusal

    def test_a_change_that_is_none(self):
        kpi = a_share()
        write(kpi, [900, 90001], sizes=[1000, 100000])
        write_parts(kpi, {"all": [(900, 1000), (90001, 100000)]})
        assert "hardly moved" in moved(kpi).refusal

    def test_windows_of_unequal_length(self):
        kpi = an_amount()
        write(kpi, [100.0, 150.0])
        Result.objects.filter(period_start="2023-02-01").update(period_start="2023-02-01", period_end="2023-03-15")
        write_parts(kpi, {"a": [100.0, 150.0]})
        assert "31 days against 42" in moved(kpi, months=3).refusal

    def test_to_date_numbers(self):
        kpi = an_amount(kind="cumulative", base_kind="simple", window="ytd")
        write(kpi, [100.0, 150.0])
        write_parts(kpi, {"a": [100.0, 150.0]})
        assert "unequal length" in moved(kpi).refusal or "neither" in moved(kpi).refusal

    def test_a_changed_definition(self, share):
        version = KpiVersionFactory(kpi=share, number=2, valid_from="2023-02-01", kind="ratio", dimensions=["site"])
        february = Result.objects.filter(period_start="2023-02-01")
        of_version = [Result(**row | {"version_id": version.pk}) for row in february.values()]
        february.delete()
        Result.objects.bulk_create(of_version)
        assert "definition changed" in moved(share).refusal

    def test_an_open_period(self, share):
        Result.objects.filter(period_start="2023-02-01").update(is_open=True)
        assert moved(share).refusal  # January has no period before it

    def test_no_such_dimension(self, share):
        assert "keeps site" in moved(share, "planet").refusal


@given(
    before=st.floats(-1e4, 1e4),
    sizes=st.lists(st.floats(-500, 500), min_size=1, max_size=12),
    decimals=st.integers(0, 3),
)
def test_parts_as_shown_add_up_to_the_change_as_shown(before, sizes, decimals):
    ref = KpiRef(1, "x", "X", "number", decimals, "higher", "month", True)
    said = Moved(
        ref, None, "site", before=before, after=before + sum(sizes), parts=tuple(Part("m", s, 0, 0) for s in sizes)
    )
    shown = rounded_parts(said, decimals)
    assert sum(shown) == pytest.approx(said.shown_change, abs=1e-6)
    assert all(abs(a - b) <= 2.0 * 10**-decimals + 1e-6 for a, b in zip(shown, sizes, strict=True))
