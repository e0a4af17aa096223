"""A report made up for tests, pictures and benchmarks, in the shape of a real one: the same seed, the same report."""

from __future__ import annotations

import math
import random
from itertools import islice
from typing import Any

from made_rows import CATEGORIES, COMPARE, MODELS, TARGETS, made_row

MADE_AT = "2026-11-21T09:30:00+00:00"


def made_report(count: int = 300, *, seed: int = 7) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Figures and rows, worst first, of `count` rows for the two targets together."""
    chance = random.Random(seed)
    rows = sorted((made_row(chance, at) for at in range(count)), key=lambda row: -row["badness"])
    return figures(rows), rows


def figures(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What a report says of these rows: the sums are theirs, the sentences are made up."""
    targets = [target(name, [row for row in rows if row["target"] == name]) for name in TARGETS]
    return {
        "tokentape_report": 1,
        "tokentape": "0.1.0",
        "made_at": MADE_AT,
        "title": "Support desk: gpt-4o to something cheaper",
        "kind": "migration",
        "corpus": {
            "places": ["support.db"],
            "where": 'status == "ok"',
            "sample": None,
            "interactions": len(rows) + 61,
            "rows": len(rows) // 2 + 9,
            "matching": len(rows) // 2 + 2,
            "calls": len(rows) + 24,
            "usable": len(rows) // 2 + 2,
            "chosen": len(rows) // 2,
            "clusters": max(1, len(rows) // 7),
            "reasons": [["the reply was cut", 7], ["an error reply", 12]],
            "passed_over": [["asked before: the same question", 5]],
            "unreadable": [],
        },
        "changes": {"system": None, "parameters": {"temperature": 0}},
        "samples": 1,
        "compare": list(COMPARE),
        "prices": {"source": "genai-prices 0.2.3", "date": "2026-11-02"},
        "verdict": {
            "level": "mixed",
            "headline": f"{TARGETS[0]} answers nearly alike at half the cost; {TARGETS[1]} breaks one ticket in five.",
            "lines": [
                f"{TARGETS[0]}: tool calls need a look, the arguments differ in some.",
                f"{TARGETS[1]}: the priority of tickets and the times of calls differ.",
            ],
        },
        "targets": targets,
        "between": [between(targets, name) for name in COMPARE[:2]],
        "baseline": None,
        "drift": None,
        "gates": [
            {"gate": "min-pass json=0.9", "passed": False, "why": f"{TARGETS[1]} is below"},
            {"gate": "max-cost-ratio 1.5", "passed": True, "why": "both targets cost less"},
        ],
        "rows_left_out": 0,
    }


def target(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """One target's figures."""
    answered = [row for row in rows if row["status"] == "answered"]
    is_first = name == TARGETS[0]
    return {
        "name": name,
        "verdict": {
            "level": "good" if is_first else "bad",
            "headline": "Nearly as the recorded answers, at half the cost."
            if is_first
            else "Worse at JSON and at tool calls.",
            "lines": [],
        },
        "outcomes": {
            status: sum(row["status"] == status for row in rows)
            for status in ("answered", "skipped", "unanswered", "left")
        },
        "reasons": counted([(row["status"], row["reason"]) for row in rows if row["reason"]]),
        "losses": counted(
            [(loss["path"], loss["what"], loss["why"]) for row in rows for loss in row["losses"]]
        ),
        "comparators": [comparator(name, answered) for name in COMPARE],
        "cost": sides(answered, "usd", mean=False),
        "unpriced": [],
        "tokens_in": sides(answered, "tokens_in", mean=False),
        "tokens_out": sides(answered, "tokens_out", mean=False),
        "seconds": sides(answered, "seconds"),
        "first": sides(answered, "first"),
        "distributions": {
            shown: {side: summary(values(answered, side, fact)) for side in ("before", "after")}
            for shown, fact in (
                ("cost", "usd"),
                ("seconds", "seconds"),
                ("first", "first"),
                ("tokens_out", "tokens_out"),
            )
        },
        "categories": [group(name, answered, "category") for name in CATEGORIES],
        "models": [group(name, answered, "model") for name in MODELS],
    }


def counted(keys: list[tuple[str, ...]]) -> list[list[Any]]:
    return [[*key, keys.count(key)] for key in sorted(set(keys))]


def values(rows: list[dict[str, Any]], side: str, fact: str) -> list[float]:
    found = [row["facts"][side][fact] for row in rows if row["facts"][side]]
    return [value for value in found if value is not None]


def mean(numbers: list[float]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None


def rate(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Passed of judged, with Wilson's interval."""
    verdicts = [
        one for row in rows for one in row["verdicts"] if one["name"] == name and one["score"] is not None
    ]
    passed = sum(one["passed"] is True for one in verdicts)
    failed = sum(one["passed"] is False for one in verdicts)
    judged = passed + failed
    estimate: dict[str, float | None] = {"value": None, "low": None, "high": None}
    if judged:
        share, z = passed / judged, 1.96
        middle = (share + z * z / (2 * judged)) / (1 + z * z / judged)
        half = z / (1 + z * z / judged) * math.sqrt(share * (1 - share) / judged + z * z / (4 * judged**2))
        estimate = {"value": share, "low": middle - half, "high": middle + half}
    return {
        "name": name,
        "rows": len(verdicts),
        "passed": passed,
        "failed": failed,
        "unjudged": len(verdicts) - judged,
        "rate": estimate,
        "sentence": f"{passed} of {judged} rows pass {name}.",
    }


def comparator(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    scores = [one["score"] for row in rows for one in row["verdicts"] if one["name"] == name]
    flags = [flag for row in rows for one in row["verdicts"] if one["name"] == name for flag in one["flags"]]
    return {
        **rate(name, rows),
        "scores": summary([score for score in scores if score is not None], (0, 1)),
        "flags": counted([(flag,) for flag in flags]),
    }


def sides(rows: list[dict[str, Any]], fact: str, *, mean: bool = True) -> dict[str, Any]:
    both = [row for row in rows if row["facts"]["before"] and row["facts"]["after"]]
    before, after = values(both, "before", fact), values(both, "after", fact)
    divisor = len(both) if mean and both else 1
    one, other = sum(before) / divisor, sum(after) / divisor
    return {
        "before": one,
        "after": other,
        "ratio": other / one if one else None,
        "rows": len(both),
        "missing": len(rows) - len(both),
        "compared": None,
    }


def summary(numbers: list[float], bounds: tuple[float, float] | None = None) -> dict[str, Any] | None:
    if not numbers:
        return None
    ordered = sorted(numbers)
    middle = ordered[len(ordered) // 2]
    low, high = bounds or (0, ordered[int(len(ordered) * 0.97)])
    step = (high - low) / 20 or 1
    edges = [low + step * at for at in range(21)]
    inside = [number for number in ordered if number <= high]
    counts = [0] * 20
    for number in inside:
        counts[min(19, int((number - low) / step))] += 1
    unknown = {"value": middle, "low": None, "high": None}
    return {
        "count": len(ordered),
        "missing": 0,
        "mean": mean(ordered),
        "deviation": None,
        "lowest": ordered[0],
        "highest": ordered[-1],
        "median": unknown,
        "p95": {**unknown, "value": ordered[int(len(ordered) * 0.95)]},
        "histogram": {"edges": edges, "counts": counts, "above": len(ordered) - len(inside)},
    }


def group(name: str, rows: list[dict[str, Any]], by: str) -> dict[str, Any]:
    own = [row for row in rows if row[by] == name]
    pairs = {
        shown: {side: mean(values(own, side, fact)) for side in ("before", "after")}
        for shown, fact in (("tokens_out", "tokens_out"), ("cost", "usd"), ("seconds", "seconds"))
    }
    return {"name": name, "rows": len(own), "comparators": [rate(one, own) for one in COMPARE], **pairs}


def between(targets: list[dict[str, Any]], name: str) -> dict[str, Any]:
    one, other = (
        next(found for found in target["comparators"] if found["name"] == name)["rate"]["value"]
        for target in islice(targets, 2)
    )
    difference = (other or 0) - (one or 0)
    is_clear = abs(difference) > 0.05
    return {
        "one": TARGETS[0],
        "other": TARGETS[1],
        "comparator": name,
        "before": one,
        "after": other,
        "difference": {"value": difference, "low": difference - 0.05, "high": difference + 0.05},
        "differ": 9 if is_clear else 4,
        "p": 0.0004 if is_clear else 0.31,
        "p_corrected": 0.0008 if is_clear else 0.31,
        "detectable": 0.06,
        "matters": 0.05,
        "needed": None if is_clear else 620,
        "standing": "lower" if is_clear else "not enough data to say",
        "sentence": f"{TARGETS[1]} passes {name} less often."
        if is_clear
        else "Not enough data to say: about 620 rows would be needed for a difference of 5 points.",
    }
