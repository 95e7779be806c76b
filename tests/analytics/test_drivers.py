import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analytics.drivers.bridge import price_volume_mix
from analytics.drivers.contribution import contributions
from analytics.drivers.mix import NotAdditive, mix_rate
from analytics.inputs import EmptyInput, LengthMismatch, NegativeValue, NotFinite, ZeroDenominator

counts = st.integers(0, 1000)


class TestMixRate:
    def test_simpsons_paradox_is_all_mix(self):
        # both sites improve by a point, yet the whole falls from 90 % to 83 %: work moved to the harder site
        result = mix_rate(["easy", "hard"], [760, 140], [800, 200], [192, 568], [200, 800])
        assert (result.before, result.after) == (0.9, pytest.approx(0.76))
        assert result.rate == pytest.approx(0.8 * 0.01 + 0.2 * 0.01)
        assert result.mix == pytest.approx(-0.6 * 0.95 + 0.6 * 0.70)
        assert result.joint == pytest.approx(-0.6 * 0.01 + 0.6 * 0.01)
        assert result.rate + result.mix + result.joint == pytest.approx(result.change)

    def test_the_reference_moves_mix_between_members_only(self):
        arguments = (["a", "b"], [8, 1], [10, 10], [8, 4], [10, 30])
        plain, centred = mix_rate(*arguments), mix_rate(*arguments, reference="overall")
        assert plain.mix == pytest.approx(centred.mix)
        # the weight of b (rate 0.1, below the 0.45 of all) grew: that hurts, and only the centred form says so
        assert plain.parts[1].mix > 0 > centred.parts[1].mix

    @pytest.mark.parametrize(
        ("rule", "rate", "mix", "joint"),
        [("shown", 0.2, 0.1, 0.1), ("rate", 0.3, 0.1, 0), ("mix", 0.2, 0.2, 0), ("split", 0.25, 0.15, 0)],
    )
    def test_the_joint_part_goes_where_it_is_told(self, rule, rate, mix, joint):
        # a: share 0.5 to 0.75, rate 0.4 to 0.8; b: rate 0 throughout
        result = mix_rate(["a", "b"], [20, 0], [50, 50], [60, 0], [75, 25], joint=rule)
        assert (result.rate, result.mix, result.joint) == pytest.approx((rate, mix, joint))

    def test_new_and_gone_members_are_mix(self):
        result = mix_rate(["old", "kept", "new"], [5, 5, 0], [10, 10, 0], [0, 5, 9], [0, 10, 10])
        assert [part.state for part in result.parts] == ["gone", "kept", "new"]
        assert result.parts[0].rate == result.parts[2].rate == 0
        assert result.parts[2].rate_before is None
        assert result.mix == pytest.approx(result.change) == 0.2
        assert "new: without values before" in result.notes[-2]

    def test_members_that_miss_the_total_are_refused(self):
        with pytest.raises(NotAdditive, match="denominator before"):
            mix_rate(["a"], [1], [2], [1], [2], totals=(1, 3, 1, 2))

    def test_nearly_cancelling_parts_carry_a_note(self):
        result = mix_rate(["a", "b"], [50, 50], [100, 100], [60, 40.2], [100, 100])
        assert "nearly cancel" in result.notes[0]

    @settings(max_examples=60)
    @given(
        rows=st.lists(st.tuples(counts, counts, counts, counts), min_size=1, max_size=6),
        joint=st.sampled_from(["shown", "rate", "mix", "split"]),
        reference=st.sampled_from(["zero", "overall"]),
    )
    def test_the_parts_always_add_up_to_the_change(self, rows, joint, reference):
        d0, d1 = [r[1] for r in rows], [r[3] for r in rows]
        assume(sum(d0) and sum(d1))
        n0, n1 = [r[0] if r[1] else 0 for r in rows], [r[2] if r[3] else 0 for r in rows]
        members = [str(i) for i in range(len(rows))]
        result = mix_rate(members, n0, d0, n1, d1, joint=joint, reference=reference)
        scale = sum(abs(part.rate) + abs(part.mix) + abs(part.joint) for part in result.parts)
        assert sum(part.total for part in result.parts) == pytest.approx(result.change, abs=1e-12 * (1 + scale))

    @pytest.mark.parametrize(
        ("columns", "error"),
        [
            (([], [], [], []), EmptyInput),
            (([1], [0], [1], [2]), ZeroDenominator),
            (([1, 1], [2, 0], [1, 0], [2, 2]), ZeroDenominator),
            (([1], [-2], [1], [2]), NegativeValue),
            (([np.nan], [2], [1], [2]), NotFinite),
            (([1], [2, 3], [1], [2]), LengthMismatch),
        ],
    )
    def test_bad_input(self, columns, error):
        with pytest.raises(error):
            mix_rate([str(i) for i in range(len(columns[0]))], *columns)


class TestContributions:
    def test_largest_change_first_with_shares(self):
        result = contributions(["a", "b", "c"], [10, 20, 0], [12, 10, 3])
        assert [row.member for row in result.members] == ["b", "c", "a"]
        assert [row.change for row in result.members] == [-10, 3, 2]
        assert [row.share_of_change for row in result.members] == pytest.approx([2.0, -0.6, -0.4])
        assert result.members[1].growth is None  # from zero: no percentage

    def test_no_shares_where_changes_cancel(self):
        result = contributions(["a", "b"], [10, 10], [20, 0])
        assert all(row.share_of_change is None for row in result.members)
        assert result.notes

    def test_members_cut_off_are_refused(self):
        with pytest.raises(NotAdditive, match="after"):
            contributions(["a"], [1], [2], totals=(1, 3))


class TestBridge:
    def test_by_hand(self):
        # 100 units at 10 and 100 at 20 become 150 at 11 and 50 at 20: same volume, cheaper mix, dearer a
        result = price_volume_mix(["a", "b"], [10, 20], [100, 100], [11, 20], [150, 50])
        assert (result.before, result.after) == (3000, 2650)
        assert (result.volume, result.mix, result.price) == pytest.approx((0, 50 * 10 - 50 * 20, 150))

    def test_new_and_gone_products_stand_apart(self):
        result = price_volume_mix(["gone", "kept", "new"], [5, 10, 999], [10, 10, 0], [999, 10, 7], [0, 12, 10])
        assert (result.gone, result.volume, result.new) == (-50, 20, 70)

    @settings(max_examples=40)
    @given(st.lists(st.tuples(counts, counts, counts, counts), min_size=1, max_size=6))
    def test_the_steps_always_add_up(self, rows):
        p0, q0, p1, q1 = zip(*rows, strict=True)
        assume(sum(q0) and sum(q1))
        result = price_volume_mix([str(i) for i in range(len(rows))], p0, q0, p1, q1)
        total = result.volume + result.mix + result.price + result.new + result.gone
        assert result.before + total == pytest.approx(result.after, abs=1e-6)
        assert sum(step.price for step in result.steps) == pytest.approx(result.price)

    def test_an_empty_period_cannot_be_bridged(self):
        with pytest.raises(ZeroDenominator):
            price_volume_mix(["a"], [1], [0], [1], [5])
