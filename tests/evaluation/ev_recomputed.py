"""Every figure of a report, computed a second time: from its rows, with numpy and scipy, by none of our figures.

`check(report)` raises AssertionError where one of them differs. What is drawn (bootstrap, permutations) is
drawn anew here, by scipy, so those are near and not equal.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from itertools import combinations

import numpy as np
from scipy import stats
from scipy.optimize import brentq

AMOUNTS = {
    "cost": "usd",
    "tokens_in": "tokens_in",
    "tokens_out": "tokens_out",
    "seconds": "seconds",
    "first": "first",
}
SUMS = ("cost", "tokens_in", "tokens_out")
Z, POWER = stats.norm.ppf(0.975), stats.norm.ppf(0.8)
ENOUGH = 6


def near(found, wanted, *, rel=1e-9, off=1e-9):
    if found is None or wanted is None:
        assert found is None, (found, wanted)
        assert wanted is None or not math.isfinite(wanted), (found, wanted)
        return
    assert math.isclose(found, wanted, rel_tol=rel, abs_tol=off), (found, wanted)


def check(report):
    """All of it."""
    rows = report["rows"]
    assert report["rows_left_out"] == 0
    assert {row["target"] for row in rows} <= {target["name"] for target in report["targets"]}
    worst = [row["badness"] for row in rows]
    assert worst == sorted(worst, reverse=True)
    for row in rows:
        near(row["badness"], badness(row))
    for target in report["targets"]:
        _target(target, [row for row in rows if row["target"] == target["name"]], report["compare"])
    _corrected([target[name]["compared"] for target in report["targets"] for name in AMOUNTS])
    _between(report, rows)
    _gates(report)
    corpus = report["corpus"]
    assert corpus["chosen"] * report["samples"] * len(report["targets"]) == len(rows)
    assert corpus["clusters"] == len({cluster(row) for row in rows})
    assert corpus["calls"] - corpus["usable"] == sum(times for _, times in corpus["reasons"])
    assert corpus["interactions"] - corpus["rows"] == sum(times for _, times in corpus["passed_over"])


def badness(row):
    if row["after"] is None:
        return 2.0
    failed = sum(verdict["passed"] is False for verdict in row["verdicts"])
    scores = [verdict["score"] for verdict in row["verdicts"] if verdict["score"] is not None]
    lacking = 1 - sum(scores) / len(scores) if scores else 0.0
    return 2 + failed + lacking if failed else lacking


def cluster(row):
    return row["cluster"] or row["same"]


def verdict(row, name):
    return next((each for each in row["verdicts"] if each["name"] == name), None)


def fact(row, side, name):
    facts = row["facts"][side]
    return None if facts is None else facts[AMOUNTS[name]]


# One target


def _target(target, rows, compare):
    answered = [row for row in rows if row["status"] == "answered"]
    counts = Counter(row["status"] for row in rows)
    statuses = ("answered", "skipped", "unanswered", "left")
    assert target["outcomes"] == {status: counts[status] for status in statuses}
    told = Counter((row["status"], row["reason"]) for row in rows if row["after"] is None or row["reason"])
    assert {(status, why): n for status, why, n in target["reasons"]} == told
    lost = Counter(
        (re.sub(r"\[\d+\]", "[*]", each["path"]), each["what"], each["why"])
        for row in rows
        for each in row["losses"]
    )
    assert {(path, what, why): n for path, what, why, n in target["losses"]} == lost
    assert [rate["name"] for rate in target["comparators"]] == compare
    for rate in target["comparators"]:
        _rate(rate, answered)
        _scores(rate, answered)
    for name in AMOUNTS:
        _sides(target[name], answered, name)
    unknown = sum(fact(row, side, "cost") is None for row in answered for side in ("before", "after"))
    assert sum(n for _, n in target["unpriced"]) == unknown
    for name, both in target["distributions"].items():
        for side in ("before", "after"):
            _summary(both[side], [(fact(row, side, name), cluster(row)) for row in answered])
    for kind, of in (("categories", "category"), ("models", "model")):
        _groups(target[kind], rows, of, compare)
    assert target["name"] in target["verdict"]["headline"]
    for rate in target["comparators"]:
        assert f"{rate['name']}: {rate['sentence']}" in target["verdict"]["lines"]


def _judged(rows, name):
    """(passed, cluster) of the rows where a verdict says so."""
    found = ((verdict(row, name), cluster(row)) for row in rows)
    return [(each["passed"], of) for each, of in found if each is not None and each["passed"] is not None]


def _rate(rate, answered):
    judged = _judged(answered, rate["name"])
    only_scored = [
        row
        for row in answered
        if (each := verdict(row, rate["name"])) and each["passed"] is None and each["score"] is not None
    ]
    passed, total = sum(each for each, _ in judged), len(judged)
    assert (rate["passed"], rate["failed"], rate["unjudged"]) == (passed, total - passed, len(only_scored))
    assert rate["rows"] == total + len(only_scored)
    _wilson(
        rate["rate"], passed, total, design([float(each) for each, _ in judged], [of for _, of in judged])
    )
    if total:
        assert f"of {total} answer" in rate["sentence"]
        said = float(re.match(r"([\d.]+) %", rate["sentence"])[1])
        assert abs(said - 100 * passed / total) <= 0.5 + 1e-9


def _wilson(estimate, passed, total, effect):
    if not total:
        assert estimate == {"value": None, "low": 0.0, "high": 1.0}
        return
    low, high = wilson(passed, total, effect)
    near(estimate["value"], passed / total)
    near(estimate["low"], low)
    near(estimate["high"], high)


def wilson(passed, total, effect=1.0):
    """scipy's interval; with a design effect, the roots of the equation that defines it."""
    if effect == 1.0:
        found = stats.binomtest(passed, total).proportion_ci(0.95, method="wilson")
        return found.low, found.high
    rows, share = total / effect, passed / total
    a, b, c = 1 + Z**2 / rows, -2 * share - Z**2 / rows, share**2
    low, high = sorted(np.roots([a, b, c]).real)
    return (0.0 if passed == 0 else low), (1.0 if passed == total else high)


def design(values, clusters):
    """The design effect, by the analysis of variance of scipy's textbook: within and between."""
    groups = defaultdict(list)
    for value, name in zip(values, clusters, strict=True):
        groups[name].append(value)
    rows, sizes = len(values), np.array([len(each) for each in groups.values()])
    if len(groups) == rows:
        return 1.0
    seen = (sizes**2).sum() / rows
    if len(groups) < 2 or min(values) == max(values):
        return seen
    means = np.array([np.mean(each) for each in groups.values()])
    between = (sizes * (means - np.mean(values)) ** 2).sum() / (len(groups) - 1)
    within = sum(((np.array(each) - np.mean(each)) ** 2).sum() for each in groups.values()) / (
        rows - len(groups)
    )
    size = (rows - (sizes**2).sum() / rows) / (len(groups) - 1)
    alike = (between - within) / (between + (size - 1) * within)
    return 1 + (seen - 1) * max(0.0, alike)


def _scores(rate, answered):
    found = [(verdict(row, rate["name"]), cluster(row)) for row in answered]
    scores = [(None if each is None else each["score"], of) for each, of in found]
    if all(score is None for score, _ in scores):
        assert rate["scores"] is None
    else:
        _summary(rate["scores"], scores)
    flags = Counter(flag for each, _ in found if each is not None for flag in each["flags"])
    assert dict(map(tuple, rate["flags"])) == flags


def _summary(summary, values):
    known = [(value, of) for value, of in values if value is not None]
    assert (summary["count"], summary["missing"]) == (len(known), len(values) - len(known))
    if not known:
        assert summary["mean"] is None
        return
    found = np.array([value for value, _ in known], dtype=float)
    near(summary["mean"], found.mean())
    near(summary["deviation"], found.std(ddof=1) if len(found) > 1 else None)
    assert (summary["lowest"], summary["highest"]) == (found.min(), found.max())
    effect = design(found.tolist(), [of for _, of in known])
    for name, share in (("median", 0.5), ("p95", 0.95)):
        _quantile(summary[name], np.sort(found), share, effect)
    _histogram(summary["histogram"], found)


def _quantile(estimate, ordered, share, effect):
    value = np.quantile(ordered, share)
    near(estimate["value"], value)
    rows = int(len(ordered) / effect)
    first, last = stats.binom.ppf(0.025, rows, share), stats.binom.ppf(0.975, rows, share) + 1
    each = len(ordered) / max(rows, 1)
    low = ordered[math.floor(first * each) - 1] if first >= 1 else None
    high = ordered[min(len(ordered), math.ceil(last * each)) - 1] if last <= rows else None
    near(estimate["low"], None if low is None else min(low, value))
    near(estimate["high"], None if high is None else max(high, value))


def _histogram(histogram, values):
    edges, counts = histogram["edges"], histogram["counts"]
    assert edges == sorted(edges)
    inside = values[values <= edges[-1]]
    assert np.histogram(inside, edges)[0].tolist() == counts
    assert histogram["above"] == len(values) - len(inside)


def _sides(sides, answered, name):
    both = [
        (fact(row, "before", name), fact(row, "after", name), cluster(row))
        for row in answered
        if fact(row, "before", name) is not None and fact(row, "after", name) is not None
    ]
    assert (sides["rows"], sides["missing"]) == (len(both), len(answered) - len(both))
    compared = sides["compared"]
    if not both:
        assert sides["before"] is sides["after"] is sides["ratio"] is compared["difference"]["value"] is None
        return
    per = 1 if name in SUMS else len(both)
    before, after, clusters = zip(*both, strict=True)
    near(sides["before"], math.fsum(before) / per)
    near(sides["after"], math.fsum(after) / per)
    near(sides["ratio"], math.fsum(after) / math.fsum(before) if math.fsum(before) else None)
    near(compared["matters"], 0.1 * np.mean(before))
    means(compared, before, after, clusters)


def _groups(groups, rows, of, compare):
    found = defaultdict(list)
    for row in rows:
        found[row[of]].append(row)
    assert {group["name"]: group["rows"] for group in groups} == {
        name: len(each) for name, each in found.items()
    }
    assert [group["rows"] for group in groups] == sorted((group["rows"] for group in groups), reverse=True)
    for group in groups:
        answered = [row for row in found[group["name"]] if row["status"] == "answered"]
        assert [rate["name"] for rate in group["comparators"]] == compare
        for rate in group["comparators"]:
            _rate(rate, answered)
        for name in ("tokens_out", "cost", "seconds"):
            both = [(fact(row, "before", name), fact(row, "after", name)) for row in answered]
            both = [each for each in both if None not in each]
            per = len(both) if name == "seconds" else 1
            for side, values in zip(
                ("before", "after"), zip(*both, strict=True) if both else (None, None), strict=True
            ):
                near(group[name][side], None if values is None else math.fsum(values) / per)


# Comparisons


def means(compared, before, after, clusters, largest=math.inf):
    """A comparison of means: the interval by scipy's bootstrap, p by permutations of our own."""
    changes = np.array(after, dtype=float) - np.array(before, dtype=float)
    near(compared["before"], np.mean(before))
    near(compared["after"], np.mean(after))
    difference = compared["difference"]
    near(difference["value"], changes.mean())
    largest = np.maximum(np.abs(np.array(before, dtype=float)), np.abs(np.array(after, dtype=float)))
    assert compared["differ"] == (np.abs(changes) > 1e-12 * largest).sum()
    effect = design(changes.tolist(), clusters)
    spread = changes.std(ddof=1) if len(changes) > 1 else 0.0
    groups = defaultdict(list)
    for change, name in zip(changes, clusters, strict=True):
        groups[name].append(change)
    if spread > 1e-12 * np.abs(changes).max():
        _interval(difference, list(groups.values()))
        wanted = (
            ((Z + POWER) * spread / compared["matters"]) ** 2 + Z**2 / 2 if compared["matters"] else math.inf
        )
        near(compared["needed"], wanted * effect, rel=1e-6)
    left = len(changes) / effect - Z**2 / 2
    shows = left > 0 and spread > 0 and len(groups) >= ENOUGH
    near(compared["detectable"], (Z + POWER) * spread / math.sqrt(left) if shows else None, rel=1e-6)
    _permuted(compared["p"], [math.fsum(each) for each in groups.values()])
    _standing(compared, len(changes) / effect, len(groups))


def _interval(difference, groups):
    """Near scipy's: both draw, and of values with a long tail no two ends are alike."""
    if len(groups) < 2:
        assert difference["low"] is difference["high"] is None
        return
    totals, sizes = (np.array([how(each) for each in groups], dtype=float) for how in (math.fsum, len))

    def mean(totals, sizes, axis=-1):
        return totals.sum(axis=axis) / sizes.sum(axis=axis)

    with np.errstate(all="ignore"):
        drawn = [
            stats.bootstrap(
                (totals, sizes), mean, paired=True, vectorized=True, n_resamples=4000, method="BCa",
                rng=np.random.default_rng(seed),
            ).confidence_interval
            for seed in range(3)
        ]  # fmt: skip
    for end in ("low", "high"):
        ends = [getattr(found, end) for found in drawn]
        room = 0.2 * max(found.high - found.low for found in drawn)
        if math.isfinite(room):
            assert min(ends) - room <= difference[end] <= max(ends) + room, (difference, ends)


def _permuted(p, sums):
    sums = np.array([each for each in sums if each])
    if not len(sums):
        assert p == 1
        return
    far = abs(sums.sum()) - 1e-12 * np.abs(sums).sum()
    if len(sums) <= 14:
        signs = np.array(np.meshgrid(*[[-1, 1]] * len(sums))).reshape(len(sums), -1)
        near(p, (np.abs(sums @ signs) >= far).mean())
        return
    signs = np.random.default_rng(3).choice([-1, 1], size=(20_000, len(sums)))
    wanted = (np.abs(signs @ sums) >= far).mean()
    near(p, wanted, off=0.004 + 5 * math.sqrt(max(wanted * (1 - wanted), 1e-4) / 4000))


def rates(compared, before, after, clusters):
    """A comparison of rates: McNemar's test by scipy, or permutations where rows share a conversation."""
    was, now = np.array(before, dtype=float), np.array(after, dtype=float)
    changes = now - was
    gained, lost = int((changes > 0).sum()), int((changes < 0).sum())
    near(compared["before"], was.mean())
    near(compared["after"], now.mean())
    near(compared["difference"]["value"], changes.mean())
    effect, groups = design(changes.tolist(), clusters), defaultdict(float)
    for change, name in zip(changes, clusters, strict=True):
        groups[name] += change
    if len(groups) == len(changes):
        exact = stats.binomtest(gained, gained + lost, 0.5).pvalue if gained + lost else 1.0
        near(compared["p"], exact)
    else:
        _permuted(compared["p"], list(groups.values()))
    _newcombe(compared["difference"], was, now, effect)
    assert compared["matters"] == 0.05
    discordance, rows = (gained + lost) / len(changes), len(changes) / effect
    near(compared["needed"], _connor(0.05, discordance) * effect)
    if len(groups) < ENOUGH or _connor(1.0, discordance) > rows:
        assert compared["detectable"] is None
    else:
        wanted = (
            brentq(lambda change: _connor(change, discordance) - rows, 1e-9, 1.0)
            if _connor(1.0, discordance) < rows
            else 1.0
        )
        near(compared["detectable"], wanted, off=1e-6)
    _standing(compared, rows, len(groups))


def _connor(change, discordance):
    spread = max(discordance, change)
    together = Z * math.sqrt(spread) + POWER * math.sqrt(spread - change**2)
    return max((together / change) ** 2 + 1 / change, ENOUGH)


def _newcombe(difference, was, now, effect):
    """Method 10 of Newcombe, 1998."""
    n, both, neither = len(was), int((was * now).sum()), int(((1 - was) * (1 - now)).sum())
    one, other = int(was.sum()), int(now.sum())
    low1, high1 = wilson(one, n, effect)
    low2, high2 = wilson(other, n, effect)
    p1, p2 = one / n, other / n
    spread = one * (n - one) * other * (n - other)
    excess = both * neither - (one - both) * (other - both)
    excess = max(0.0, excess - n / 2) if excess > 0 else excess
    phi = excess / math.sqrt(spread) if spread else 0.0
    down = math.sqrt(max(0.0, (p2 - low2) ** 2 - 2 * phi * (p2 - low2) * (high1 - p1) + (high1 - p1) ** 2))
    up = math.sqrt(max(0.0, (high2 - p2) ** 2 - 2 * phi * (high2 - p2) * (p1 - low1) + (p1 - low1) ** 2))
    near(difference["low"], max(-1.0, p2 - p1 - down))
    near(difference["high"], min(1.0, p2 - p1 + up))


def _standing(compared, effective, clusters):
    difference, p = compared["difference"], compared["p_corrected"]
    low, high, matters = difference["low"], difference["high"], compared["matters"]
    if min(effective, clusters) < ENOUGH:
        wanted = "not enough data to say"
    elif p < 0.05 and difference["value"]:
        wanted = "higher" if difference["value"] > 0 else "lower"
    elif low is None or high is None:
        seen = not compared["differ"] and 1 - 0.025 ** (1 / min(effective, clusters)) <= 0.1
        wanted = "alike" if seen else "not enough data to say"
    else:
        wanted = "alike" if low >= -matters and high <= matters else "not enough data to say"
    assert compared["standing"] == wanted, compared


def _corrected(family):
    """Holm's correction over one family of tests; what has no rows to compare is none."""
    assert all(each["p_corrected"] == 1 for each in family if each["difference"]["value"] is None)
    family = [each for each in family if each["difference"]["value"] is not None]
    p = np.array([each["p"] for each in family])
    order, most = np.argsort(p, kind="stable"), 0.0
    for rank, at in enumerate(order):
        most = max(most, min(1.0, (len(p) - rank) * p[at]))
        near(family[at]["p_corrected"], most)


def _between(report, rows):
    by = {(row["target"], row["same"], row["sample"]): row for row in rows}
    wanted = set()
    for one, other in combinations([target["name"] for target in report["targets"]], 2):
        pairs = [
            (row, by[other, same, nth])
            for (name, same, nth), row in by.items()
            if name == one and (other, same, nth) in by
        ]
        for name in report["compare"]:
            found = [
                each
                for each in report["between"]
                if (each["one"], each["other"], each["comparator"]) == (one, other, name)
            ]
            if _compared(found, pairs, name):
                wanted.add((one, other, name))
    assert {(each["one"], each["other"], each["comparator"]) for each in report["between"]} == wanted
    assert len(report["between"]) == len(wanted)
    _corrected(report["between"])


def _compared(found, pairs, name):
    """Check the comparison of pairs of rows by a comparator; whether there is one."""
    both = [(verdict(was, name), verdict(now, name), cluster(was)) for was, now in pairs]
    both = [each for each in both if each[0] is not None and each[1] is not None]
    judged = [each for each in both if None not in (each[0]["passed"], each[1]["passed"])]
    scored = [each for each in both if None not in (each[0]["score"], each[1]["score"])]
    if judged:
        rates(found[0], *zip(*[(was["passed"], now["passed"], of) for was, now, of in judged], strict=True))
    elif scored:
        means(
            found[0],
            *zip(*[(was["score"], now["score"], of) for was, now, of in scored], strict=True),
            largest=1.0,
        )
    return bool(judged or scored)


def check_baseline(report, earlier):
    """The comparisons with an earlier report."""
    then = {(row["target"], row["same"], row["sample"]): row for row in earlier["rows"]}
    now = {(row["target"], row["same"], row["sample"]): row for row in report["rows"]}
    baseline = report["baseline"]
    assert (baseline["only_now"], baseline["only_then"]) == (
        len(now.keys() - then.keys()),
        len(then.keys() - now.keys()),
    )
    assert baseline["made_at"] == earlier["made_at"]
    for found in baseline["comparisons"]:
        pairs = [(then[key], row) for key, row in now.items() if key in then and key[0] == found["target"]]
        assert _compared([found], pairs, found["comparator"])
    _corrected(baseline["comparisons"])


# Gates


def _gates(report):
    for gate in report["gates"]:
        kind, _, said = gate["gate"].partition(" ")
        if kind == "min-pass":
            name, share = said.split("=")
            found = [
                rate
                for target in report["targets"]
                for rate in target["comparators"]
                if name in (rate["name"], rate["name"].split(":")[0])
            ]
            holds = bool(found) and all(
                rate["rate"]["value"] is not None and rate["rate"]["value"] >= float(share) for rate in found
            )
        elif kind == "max-cost-ratio":
            ratios = [target["cost"]["ratio"] for target in report["targets"]]
            holds = all(ratio is not None and ratio <= float(said) for ratio in ratios)
        elif kind == "strict":
            holds = all(
                not (
                    target["outcomes"]["skipped"]
                    + target["outcomes"]["unanswered"]
                    + target["outcomes"]["left"]
                )
                and not any(rate["failed"] for rate in target["comparators"])
                for target in report["targets"]
            )
        else:
            holds = not any(each["standing"] == "lower" for each in report["baseline"]["comparisons"])
        assert gate["passed"] == holds, gate
