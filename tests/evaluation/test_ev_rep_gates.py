"""Gates: what holds, what fails, and that each says why with figures."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction

import pytest
from ev_reports import answered, as_json, report, side, verdict, without
from hypothesis import given
from hypothesis import strategies as st

from tokentape.errors import UsageError
from tokentape.evaluation.reporting.gates import Gates, MinPass
from tokentape.evaluation.scoring.scored import Status


def rows(passed, failed=0, name="json:a", target="up/new"):
    """So many passed and failed verdicts."""
    return [answered(at, target, verdicts={name: verdict(at < passed)}) for at in range(passed + failed)]


def gate(scored, **gates):
    """The only gate's result."""
    with report(scored, **gates) as found:
        [result] = found.figures.gates
        assert found.passed is result.passed
        return result


@pytest.mark.parametrize(
    ("text", "name", "share"),
    [
        ("json=0.9", "json", 0.9),
        ("json=90%", "json", 0.9),
        ("contains:a=b=1", "contains:a=b", 1.0),
        (" exact = .5 ", "exact", 0.5),
        ("exact=12.5 %", "exact", 0.125),
    ],
)
def test_a_share_is_written_as_a_number_or_in_percent(text, name, share):
    assert (MinPass.of(text).name, MinPass.of(text).share) == (name, pytest.approx(share))


@pytest.mark.parametrize(
    "text", ["json", "=0.9", "json=", "json=1.1", "json=nan", "json=101%", "json=-0.1", "json=high", ""]
)
def test_what_is_no_share_is_a_usage_error_in_one_line(text):
    with pytest.raises(UsageError, match="--min-pass") as caught:
        Gates.of(min_pass=[text])
    assert "\n" not in str(caught.value)


@given(st.text())
def test_any_text_is_a_gate_or_a_usage_error(text):
    for gates in ({"min_pass": [text]}, {"max_cost_ratio": text}):
        with suppress(UsageError):
            Gates.of(**gates)


def test_a_comparator_that_does_not_compare_is_a_usage_error():
    with pytest.raises(UsageError, match=r"'jsn' does not compare here; there are: json:a, exact"):
        Gates.of(min_pass=["jsn=0.9"], comparators=["json:a", "exact"])
    _, second = Gates.of(min_pass=["json=0.9", "json:a=0.8"], comparators=["json:a", "exact"]).min_pass
    assert second.share == Fraction(8, 10)


@pytest.mark.parametrize("ratio", ["", "0", "-1", "nan", "inf", "much"])
def test_what_is_no_ratio_is_a_usage_error(ratio):
    with pytest.raises(UsageError, match="--max-cost-ratio"):
        Gates.of(max_cost_ratio=ratio)


@pytest.mark.parametrize(
    ("passed", "failed", "holds"), [(9, 1, True), (27, 3, True), (89, 11, False), (10, 0, True)]
)
def test_min_pass_goes_by_the_share_that_passed(passed, failed, holds):
    found = gate(rows(passed, failed), min_pass=["json=0.9"])
    assert (found.gate, found.passed) == ("min-pass json=0.9", holds)
    assert f"json:a passes {passed} of {passed + failed} answers" in found.why
    assert "95 % interval" in found.why
    assert "90 % is asked" in found.why


@pytest.mark.parametrize("asked", ["json=0.999", "json=99.9%", "json=99.90 %"])
def test_a_share_that_is_just_reached_holds_however_it_is_written(asked):
    assert 99.9 / 100 > 999 / 1000, "floats would make a failure of it"
    assert gate(rows(999, 1), min_pass=[asked]).passed
    assert not gate(rows(998, 2), min_pass=[asked]).passed


def test_a_rate_that_is_just_short_does_not_read_as_enough():
    found = gate(rows(899, 101), min_pass=["json=90%"])
    assert not found.passed
    assert "899 of 1000 answers, 89.9 % (95 % interval 87.9 to 91.6); 90 % is asked" in found.why


@pytest.mark.parametrize(
    ("before", "after", "holds", "told"),
    [
        (0.0022, 0.0033, True, "1.5 times as much"),
        (0.001, 0.001501, False, "1.501 times as much"),
        (0.001, 0.0010001, True, "1.0001 times as much"),
        (0.001, 0.001, True, "the same"),
        (0.00001, 0.5, False, "50000 times as much"),
    ],
)
def test_a_cost_ratio_is_told_on_the_side_where_it_is(before, after, holds, told):
    scored = [answered(at, before=side(usd=before), after=side(usd=after)) for at in range(3)]
    found = gate(scored, max_cost_ratio="1.5")
    assert found.passed is holds
    assert f"up/new: {told} (" in found.why


def test_min_pass_fails_without_rows_and_says_so():
    assert (
        gate([without()], comparators=["json:a"], min_pass=["json=0.1"]).why
        == "up/new: json:a judged no answer; 10 % is asked"
    )
    assert not gate([], comparators=["json:a"], min_pass=["json=0"]).passed
    assert gate([], min_pass=["json=0"]).why == "there is nothing to go by"


def test_a_gate_holds_for_all_targets_or_fails_with_those_that_do_not():
    found = gate(rows(10) + rows(5, 5, target="up/other"), min_pass=["json=0.9"])
    assert not found.passed
    assert "up/other" in found.why
    assert "up/new" not in found.why


@pytest.mark.parametrize(("after", "holds"), [(0.0014, True), (0.0015, True), (0.0016, False)])
def test_the_cost_ratio_is_that_of_what_is_known_on_both_sides(after, holds):
    scored = [answered(at, before=side(usd=0.001), after=side(usd=after)) for at in range(5)]
    scored.append(answered(9, before=side(usd=None), after=side(usd=100)))
    found = gate(scored, max_cost_ratio="1.5")
    assert found.passed is holds
    assert f"{after / 0.001:.3g} times as much" in found.why
    assert "over 5 answers, 1 more without a price" in found.why


def test_a_cost_that_nobody_knows_fails():
    found = gate([answered(after=side(usd=None))], max_cost_ratio=9)
    assert not found.passed
    assert "no answer has a price on both sides" in found.why


@pytest.mark.parametrize(("after", "holds"), [(0, True), (0.1, False)])
def test_from_nothing_only_nothing_is_no_more(after, holds):
    found = gate([answered(before=side(usd=0), after=side(usd=after))], max_cost_ratio=2)
    assert found.passed is holds
    assert "from nothing" in found.why


def test_strict_holds_where_all_pass_and_everything_is_answered():
    found = gate(rows(3), strict=True)
    assert (found.passed, found.why) == (True, "up/new: everything was answered, and all 3 verdicts pass")


@pytest.mark.parametrize("status", [Status.SKIPPED, Status.UNANSWERED, Status.LEFT])
def test_strict_fails_for_what_has_no_answer(status):
    found = gate([*rows(3), without(7, status)], strict=True)
    assert (found.passed, found.why) == (False, f"up/new: 1 of 4 questions were {status}")


def test_strict_fails_for_one_failed_verdict_and_for_none_at_all():
    assert gate(rows(3, 1), strict=True).why == "up/new: json:a fails in 1 of 4 answers"
    assert (
        gate([answered(verdicts={"fuzzy": verdict(None, 0.2)})], strict=True).why
        == "up/new: no answer was judged"
    )
    assert not gate([], strict=True).passed


def test_a_failed_gate_is_the_verdict():
    told = as_json(rows(60), min_pass=["json=0.5"], max_cost_ratio=0.1)
    assert told["verdict"]["level"] == "bad"
    assert told["verdict"]["headline"].startswith("1 of 2 gates failed; up/new holds up")
    assert [each["passed"] for each in told["gates"]] == [True, False]
