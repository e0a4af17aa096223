"""Every figure of a report, computed again from what came, by other means."""

from __future__ import annotations

import statistics
from itertools import combinations

import pytest
from ev_reports import QUANTITIES, answered, as_json, asked, corpus, reply, side, verdict, without

from tokentape.evaluation.asking.outcome import Answer
from tokentape.evaluation.scoring.scored import Status
from tokentape.evaluation.scoring.scoring import answered as side_of
from tokentape.evaluation.sides import recorded
from tokentape.evaluation.statistics.clusters import clustering
from tokentape.metering.cost import Cost
from tokentape.protocols.canonical.losses import Loss, LossReport, Severity

np = pytest.importorskip("numpy")
stats = pytest.importorskip("scipy.stats")

TARGETS = ("up/one", "up/two", "up/three")


@pytest.fixture(scope="module")
def found():
    scored = list(corpus(120, targets=TARGETS))
    return scored, as_json(scored)


def of(scored, target):
    return [each for each in scored if each.target == target]


def amount(one, name):
    usage = one.usage
    values = {
        "cost": one.cost,
        "seconds": one.seconds,
        "first": one.first,
        "tokens_in": usage and usage.input,
        "tokens_out": usage and usage.output,
    }
    return None if values[name] is None else float(values[name])


def pairs(scored, name):
    both = [(amount(each.before, name), amount(each.after, name)) for each in scored]
    return [(was, now) for was, now in both if was is not None and now is not None]


def total(name, values):
    return sum(values) if name in ("cost", "tokens_in", "tokens_out") else statistics.fmean(values)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", ["exact", "json:a", "fuzzy:0.5"])
def test_pass_rates_are_those_of_scipy(found, target, name):
    scored, told = found
    entry = next(each for each in told["targets"] if each["name"] == target)
    rate = next(each for each in entry["comparators"] if each["name"] == name)
    verdicts = [each.verdicts[name] for each in of(scored, target)]
    passed, failed = (sum(each.passed is wanted for each in verdicts) for wanted in (True, False))
    unjudged = sum(each.passed is None and each.score is not None for each in verdicts)
    counts = {"passed": passed, "failed": failed, "unjudged": unjudged, "rows": passed + failed + unjudged}
    assert {key: rate[key] for key in counts} == counts
    if passed + failed:
        wanted = stats.binomtest(passed, passed + failed).proportion_ci(method="wilson")
        assert rate["rate"]["value"] == passed / (passed + failed)
        assert (rate["rate"]["low"], rate["rate"]["high"]) == pytest.approx((wanted.low, wanted.high))
    else:
        assert rate["rate"] == {"value": None, "low": 0.0, "high": 1.0}
    scores = [each.score for each in verdicts if each.score is not None]
    assert rate["scores"]["mean"] == pytest.approx(statistics.fmean(scores))
    assert rate["scores"]["missing"] == len(verdicts) - len(scores)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", QUANTITIES)
def test_sides_are_sums_or_means_of_what_is_known_on_both(found, target, name):
    scored, told = found
    sides = next(each for each in told["targets"] if each["name"] == target)[name]
    both = pairs(of(scored, target), name)
    before, after = (total(name, values) for values in zip(*both, strict=True))
    assert (sides["rows"], sides["missing"]) == (len(both), 120 - len(both))
    assert (sides["before"], sides["after"]) == pytest.approx((before, after))
    assert sides["ratio"] == pytest.approx(after / before)
    changes = [now - was for was, now in both]
    compared = sides["compared"]
    assert compared["difference"]["value"] == pytest.approx(statistics.fmean(changes))
    assert compared["matters"] == pytest.approx(0.1 * statistics.fmean(was for was, _ in both))
    wanted = stats.bootstrap((changes,), np.mean, n_resamples=5000, method="BCa", rng=1).confidence_interval
    width = wanted.high - wanted.low
    told_ends = (compared["difference"]["low"], compared["difference"]["high"])
    assert told_ends == pytest.approx((wanted.low, wanted.high), abs=0.12 * width)
    by_chance = stats.permutation_test(
        (changes, [0.0] * len(changes)),
        lambda one, other, axis: np.mean(one - other, axis=axis),
        permutation_type="samples",
        n_resamples=20_000,
        vectorized=True,
        rng=2,
    ).pvalue
    assert compared["p"] == pytest.approx(by_chance, abs=0.03)


def holm(p_values):
    """By its definition: the smallest p by the number of tests, the next by one fewer, never falling."""
    order = sorted(range(len(p_values)), key=lambda at: p_values[at])
    adjusted = {at: min(1.0, (len(p_values) - rank) * p_values[at]) for rank, at in enumerate(order)}
    return [max(adjusted[each] for each in order[: order.index(at) + 1]) for at in range(len(p_values))]


def test_the_sides_of_all_targets_are_corrected_together(found):
    _, told = found
    compared = [target[name]["compared"] for target in told["targets"] for name in QUANTITIES]
    assert [each["p_corrected"] for each in compared] == pytest.approx(holm([each["p"] for each in compared]))


def test_targets_are_compared_by_the_rows_that_both_have(found):
    scored, told = found
    names = ["exact", "fuzzy:0.5", "json:a"]
    wanted = [(one, other, name) for one, other in combinations(TARGETS, 2) for name in names]
    assert [(each["one"], each["other"], each["comparator"]) for each in told["between"]] == wanted
    for each in told["between"]:
        one, other = (
            {line.row.same: line.verdicts[each["comparator"]].passed for line in of(scored, name)}
            for name in (each["one"], each["other"])
        )
        both = [(one[same], other[same]) for same in one if one[same] is not None and other[same] is not None]
        if not both:
            continue
        gained, lost = both.count((False, True)), both.count((True, False))
        assert each["p"] == pytest.approx(stats.binomtest(gained, gained + lost).pvalue)
        assert each["before"] == pytest.approx(sum(was for was, _ in both) / len(both))
        assert each["after"] == pytest.approx(sum(now for _, now in both) / len(both))
    p_values = [each["p"] for each in told["between"]]
    assert [each["p_corrected"] for each in told["between"]] == pytest.approx(holm(p_values))


def test_scores_without_a_threshold_are_compared_by_their_means(found):
    scored, told = found
    each = next(each for each in told["between"] if each["comparator"] == "fuzzy:0.5")
    one, other = (
        [line.verdicts["fuzzy:0.5"].score for line in of(scored, each[key])] for key in ("one", "other")
    )
    assert (each["before"], each["after"]) == pytest.approx((statistics.fmean(one), statistics.fmean(other)))


@pytest.mark.parametrize("name", ["cost", "seconds", "first", "tokens_out"])
@pytest.mark.parametrize("which", ["before", "after"])
def test_distributions(found, name, which):
    scored, told = found
    summary = told["targets"][1]["distributions"][name][which]
    values = [amount(getattr(each, which), name) for each in of(scored, TARGETS[1])]
    known = [value for value in values if value is not None]
    assert (summary["count"], summary["missing"]) == (len(known), len(values) - len(known))
    assert summary["mean"] == pytest.approx(np.mean(known))
    assert summary["deviation"] == pytest.approx(np.std(known, ddof=1))
    assert (summary["lowest"], summary["highest"]) == (min(known), max(known))
    assert summary["median"]["value"] == pytest.approx(np.median(known))
    assert summary["p95"]["value"] == pytest.approx(np.quantile(known, 0.95))
    bins = summary["histogram"]
    assert sum(bins["counts"]) + bins["above"] == len(known)
    assert (
        bins["counts"]
        == np.histogram([each for each in known if each <= bins["edges"][-1]], bins["edges"])[0].tolist()
    )


@pytest.mark.parametrize(
    ("kind", "key"), [("categories", lambda row: row.metadata["category"]), ("models", lambda row: row.model)]
)
def test_groups(found, kind, key):
    scored, told = found
    for target in told["targets"]:
        lines = of(scored, target["name"])
        names = {key(each.row) for each in lines}
        assert {group["name"] for group in target[kind]} == names
        assert [group["rows"] for group in target[kind]] == sorted(
            (g["rows"] for g in target[kind]), reverse=True
        )
        for group in target[kind]:
            mine = [each for each in lines if key(each.row) == group["name"]]
            assert group["rows"] == len(mine)
            for rate in group["comparators"]:
                passed = [each.verdicts[rate["name"]].passed for each in mine]
                assert (rate["passed"], rate["failed"]) == (passed.count(True), passed.count(False))
            for name in ("tokens_out", "cost", "seconds"):
                before, after = (total(name, values) for values in zip(*pairs(mine, name), strict=True))
                assert group[name] == pytest.approx({"before": before, "after": after})


def test_turns_of_a_conversation_widen_the_interval_by_their_design_effect():
    scored = [
        answered(number, cluster=f"c{number // 5}", verdicts={"exact": verdict(number % 20 >= 5)})
        for number in range(100)
    ]
    rate = as_json(scored)["targets"][0]["comparators"][0]
    effect = clustering(
        [float(each.verdicts["exact"].passed) for each in scored], [each.row.cluster for each in scored]
    )
    assert effect.design_effect == pytest.approx(5)
    wanted = stats.binomtest(15, 20).proportion_ci(method="wilson")
    assert (rate["rate"]["low"], rate["rate"]["high"]) == pytest.approx((wanted.low, wanted.high))


def test_samples_of_one_row_are_worth_one_row_where_they_agree():
    scored = [
        answered(number, sample=sample, verdicts={"exact": verdict(number > 4)})
        for number in range(20)
        for sample in (1, 2, 3)
    ]
    told = as_json(scored)
    rate = told["targets"][0]["comparators"][0]
    wanted = stats.binomtest(15, 20).proportion_ci(method="wilson")
    assert rate["rows"] == 60
    assert (rate["rate"]["low"], rate["rate"]["high"]) == pytest.approx((wanted.low, wanted.high))


def test_outcomes_reasons_losses_flags_and_prices_are_counted():
    lossy = LossReport((Loss("messages[3].content[0]", "image", "it cannot see", Severity.MEANING),))
    again = LossReport((Loss("messages[12].content[4]", "image", "it cannot see", Severity.MEANING),))
    scored = [
        without(1, Status.SKIPPED, "it cannot see", losses=lossy),
        without(2, Status.SKIPPED, "it cannot see", losses=again),
        without(3, Status.UNANSWERED, "status 500"),
        without(4, Status.LEFT, "the budget is used up"),
        answered(5, verdicts={"judge": verdict(True, flags=("judges disagree",))}),
        answered(6, before=side(usd=None), after=side(usd=None, unpriced="the reply is in yen")),
    ]
    target = as_json(scored)["targets"][0]
    assert target["outcomes"] == {"answered": 2, "skipped": 2, "unanswered": 1, "left": 1}
    assert target["reasons"][0] == ["skipped", "it cannot see", 2]
    assert sorted(target["reasons"][1:]) == [
        ["left", "the budget is used up", 1],
        ["unanswered", "status 500", 1],
    ]
    assert target["losses"] == [["messages[*].content[*]", "image", "it cannot see", 2]]
    assert next(each for each in target["comparators"] if each["name"] == "judge")["flags"] == [
        ["judges disagree", 1]
    ]
    assert target["unpriced"] == [["new: the reply is in yen", 1], ["recorded: no reason is told", 1]]


def test_why_a_price_is_missing_is_told_by_who_looked_for_it():
    row = asked(1, model="nobody-knows")
    before = recorded(row)
    assert before.cost is None
    assert before.unpriced == row.price.reason != ""
    after = side_of(Answer(row.interaction, reply(), Cost(None, reason="it is of tomorrow")))
    target = as_json([answered(of=row, before=before, after=after)])["targets"][0]
    assert target["unpriced"] == [["new: it is of tomorrow", 1], [f"recorded: {row.price.reason}", 1]]


def test_the_order_in_which_rows_come_does_not_matter():
    scored = list(corpus(60, targets=TARGETS[:2], samples=2))
    first = as_json(scored, targets=TARGETS[:2])
    second = as_json(scored[::-1], targets=TARGETS[:2])
    for told in (first, second):
        told.pop("made_at")
    assert first == second


def test_the_verdict_is_that_of_the_interval():
    def level(passed, failed):
        scored = [answered(at, verdicts={"exact": verdict(at < passed)}) for at in range(passed + failed)]
        return as_json(scored)["verdict"]

    assert level(60, 0)["level"] == "good"
    assert level(20, 0)["level"] == "unsure"
    assert "not enough data to say" in level(20, 0)["headline"]
    assert level(30, 20)["level"] == "bad"
    assert "breaks 20 of 50 answers" in level(30, 20)["headline"]


def test_the_headline_is_about_what_the_verdict_is_about():
    """One rate is sure and lower, the other higher and open: the verdict is open because of the other."""
    scored = [answered(at, verdicts={"exact": verdict(at % 25 != 0)}) for at in range(500)]
    scored += [answered(at + 1000, verdicts={"json": verdict(True)}) for at in range(9)]
    told = as_json(scored)["verdict"]
    assert told["level"] == "unsure"
    assert "json passes 100 %" in told["headline"]


def test_what_reads_as_enough_is_enough():
    """34 of 34 are 89.85 to 100 %, which is short of 90."""
    told = as_json([answered(at) for at in range(34)])["verdict"]
    assert told["level"] == "unsure"
    assert told["headline"].endswith("whether 90 % pass: exact passes 100.0 % (95 % interval 89.8 to 100.0)")


def test_the_same_in_every_answer_is_told_as_such_and_only_that():
    same = as_json([answered(at) for at in range(40)])
    for name in QUANTITIES:
        compared = same["targets"][0][name]["compared"]
        assert (compared["differ"], compared["standing"]) == (0, "alike")
        assert compared["sentence"] == "the same in all 40 answers"
    swapped = [side(usd=0.001), side(usd=0.003)]
    found = as_json([answered(at, before=swapped[at % 2], after=swapped[at % 2 - 1]) for at in range(40)])
    cost = found["targets"][0]["cost"]
    assert (cost["ratio"], cost["compared"]["differ"]) == (1.0, 40)
    assert cost["compared"]["standing"] == "not enough data to say"
    assert any("the same); not enough data" in line for line in found["verdict"]["lines"])


def test_one_conversation_whose_turns_cancel_out_is_not_the_same():
    sides = [side(usd=0.001), side(usd=0.003)]
    scored = [answered(at, before=sides[at], after=sides[1 - at], cluster="k") for at in range(2)]
    assert "the same" not in as_json(scored)["targets"][0]["cost"]["compared"]["sentence"]


def test_a_small_change_is_not_once_as_much():
    scored = [
        answered(at, before=side(tokens=(10, 1000)), after=side(tokens=(10, 1000 + (at == 0))))
        for at in range(9)
    ]
    lines = as_json(scored)["verdict"]["lines"]
    assert any(
        line.startswith("output tokens: 9,000 before, 9,001 now (1.0001 times as much)") for line in lines
    )


def test_samples_count_as_answers():
    of = asked(1)
    told = as_json([answered(of=of, sample=at) for at in (1, 2, 3)])
    assert told["targets"][0]["comparators"][0]["sentence"].endswith("of 3 answers passed")


def test_several_targets_say_what_they_cost_also_where_there_is_no_ratio():
    scored = [answered(at, "up/one", before=side(usd=0)) for at in range(40)]
    scored += [answered(at, "up/two", after=side(usd=None if at else 0.5)) for at in range(40)]
    one, two = as_json(scored)["verdict"]["lines"][:2]
    assert one.endswith("; it costs $0.0400, and the recorded answers $0.00")
    assert two.endswith(
        "; it costs 500 times as much; not enough data to say whether that is chance; "
        "without 39 answers where one side is not known"
    )


def test_of_very_many_differences_between_targets_the_largest_are_told():
    scored = [
        answered(at, f"up/{target:02}", verdicts={"exact": verdict(at < 3 * target)})
        for target in range(12)
        for at in range(40)
    ]
    told = as_json(scored)
    lines = [line for line in told["verdict"]["lines"] if line.startswith("exact:")]
    differ = [each for each in told["between"] if each["standing"] in ("higher", "lower")]
    assert len(lines) == 20 < len(differ)
    assert lines[0].startswith("exact: up/11 is 82 points above up/00")
    more = f"between targets: {len(differ) - 20} smaller differences are not listed here"
    assert more in told["verdict"]["lines"]


def test_what_nobody_knows_is_no_test_and_corrects_no_other():
    scored = [answered(at, before=side(usd=None, seconds=None, first=None)) for at in range(8)]
    scored += [
        answered(
            at + 10,
            before=side(usd=None, seconds=None, first=None, tokens=(at, 1)),
            after=side(tokens=(at + 1, 2)),
        )
        for at in range(8)
    ]
    target = as_json(scored)["targets"][0]
    assert target["cost"]["compared"]["p_corrected"] == 1.0
    p_values = [target[name]["compared"]["p"] for name in ("tokens_in", "tokens_out")]
    told = [target[name]["compared"]["p_corrected"] for name in ("tokens_in", "tokens_out")]
    assert told == pytest.approx(holm(p_values))


def test_of_several_targets_each_says_in_one_line_what_it_breaks_costs_and_lacks():
    scored = [answered(at, "up/one", after=side(usd=0.0005)) for at in range(40)]
    scored += [answered(at, "up/two", after=side(usd=None)) for at in range(40)]
    scored += [without(at + 50, target="up/one") for at in range(2)]
    told = as_json(scored)["verdict"]
    assert told["headline"] == "of 2 targets, 2 hold up (up/one, up/two)"
    holds = "holds up: exact passes 100 % (95 % interval 91 to 100)"
    assert told["lines"][:2] == [
        f"up/one {holds}; it costs 0.5 times as much; 2 of 42 questions have no answer: 2 skipped",
        f"up/two {holds}; its cost is not known",
    ]
