"""Rows that look like a support desk's: JSON of tickets, calls of a calendar, summaries in prose, a receipt's image."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

TARGETS = ("anthropic/claude-haiku-4-5", "openai/gpt-5-nano")
MODELS = ("gpt-4o", "gpt-4o-mini")
COMPARE = ("json:category,priority", "toolcalls", "fuzzy:0.6", "judge")
CATEGORIES = ("extract", "schedule", "summarise", "receipt")
PRICES = {"gpt-4o": 1e-5, "gpt-4o-mini": 2.4e-6, TARGETS[0]: 3.4e-6, TARGETS[1]: 1.1e-6}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

NAMES = ("Ada", "Ben", "Chloé", "Dmitri", "Emi", "Farah", "Goran", "Hana")
TROUBLES = (
    ("billing", "was charged twice for order {n} and wants the money back"),
    ("delivery", "has waited nine days for parcel {n}; the tracking page shows nothing"),
    ("account", "cannot sign in since the password was changed, error {n}"),
    ("returns", "sent back the blue jacket, size M, order {n}, and heard nothing"),
    ("technical", "sees the app close itself on every start since version 4.{n}"),
)
SENTENCES = (
    "The customer reports the same trouble for the second time.",
    "Support had promised an answer within two days.",
    "The order was paid by card on the third of the month.",
    "A refund was started but the bank has not confirmed it.",
    "They ask for a call back in the afternoon.",
    "The parcel left the warehouse on Monday.",
    "No other orders are affected.",
)
SYSTEM = (
    "You sort tickets of a support desk. Answer with JSON: category, priority (low, normal, high), summary, order. "
    "Do not invent an order number. If the customer is angry, the priority is never low."
)


def text(role: str, words: str) -> dict[str, Any]:
    return {"role": role, "kind": "text", "text": words}


def made_row(chance: random.Random, at: int) -> dict[str, Any]:
    """The row with this number; rows take turns at the targets."""
    target, model = TARGETS[at % 2], MODELS[chance.random() < 0.3]
    is_weak = target == TARGETS[1]
    category = chance.choices(CATEGORIES, (5, 2, 3, 1))[0]
    make = {"extract": _extract, "schedule": _schedule, "summarise": _summarise, "receipt": _receipt}[
        category
    ]
    asked, before, after, verdicts = make(chance, is_weak)
    status = chance.choices(("answered", "skipped", "unanswered"), (96, 2, 2))[0]
    reason = {
        "answered": "",
        "skipped": "upstream takes no documents of type application/pdf",
        "unanswered": "529 overloaded, after 4 attempts",
    }[status]
    row = {
        "id": f"{chance.getrandbits(32):08x}",
        "cassette": f"desk/2026-11-{1 + at % 20:02d}",
        "same": f"{chance.getrandbits(64):016x}",
        "cluster": f"c{at // 7}",
        "times": 1 + (at % 13 == 0) * 3,
        "at": f"2026-11-{1 + at % 20:02d}T0{at % 10}:15:00+00:00",
        "category": category,
        "model": model,
        "provider": "openai",
        "dialect": "openai.chat",
        "target": target,
        "sample": 1,
        "status": status,
        "reason": reason,
        "metadata": {"team": chance.choice(["north", "south"]), "release": "2026.11"},
        "asked": asked,
        "before": before,
        "after": after if status == "answered" else None,
        "facts": {
            "before": _facts(chance, model, before, 1.6),
            "after": _facts(chance, target, after, 0.9) if status == "answered" else None,
        },
        "verdicts": verdicts if status == "answered" else [],
        "losses": _losses(chance, target),
    }
    return {**row, "badness": _badness(row)}


def _badness(row: dict[str, Any]) -> float:
    scores = [one["score"] for one in row["verdicts"] if one["score"] is not None]
    failed = sum(one["passed"] is False for one in row["verdicts"])
    return failed + (1 - sum(scores) / len(scores) if scores else 0.5)


def _facts(chance: random.Random, model: str, parts: list[dict[str, Any]], slow: float) -> dict[str, Any]:
    tokens = max(6, len(json.dumps(parts)) // 4 + chance.randrange(-6, 20))
    seconds = slow * chance.lognormvariate(-0.2, 0.45)
    tokens_in = 420 + chance.randrange(200)
    return {
        "seconds": seconds,
        "first": seconds * 0.3,
        "tokens_in": tokens_in,
        "tokens_out": tokens,
        "usd": PRICES[model] * (tokens + tokens_in / 4),
        "stop": "end",
    }


def _losses(chance: random.Random, target: str) -> list[dict[str, Any]]:
    if not target.startswith("anthropic") or chance.random() > 0.12:
        return []
    return [
        {
            "path": "parameters.seed",
            "what": "seed left out",
            "why": "anthropic.messages has no such option",
            "severity": "tuning",
        }
    ]


def _verdict(name: str, score: float | None, reason: str, **more: Any) -> dict[str, Any]:
    threshold = {"json:category,priority": 1.0, "toolcalls": 1.0, "fuzzy:0.6": 0.6, "judge": None}[name]
    passed = None if score is None or threshold is None else score >= threshold
    return {
        "name": name,
        "score": score,
        "passed": passed,
        "reason": reason,
        "differences": [],
        "flags": [],
        **more,
    }


def _none(name: str, reason: str) -> dict[str, Any]:
    return _verdict(name, None, reason)


def _prose(chance: random.Random, is_weak: bool) -> tuple[str, str, float]:
    chosen = chance.sample(SENTENCES, 4)
    changed = list(chosen)
    score = 0.97
    if chance.random() < (0.6 if is_weak else 0.3):
        changed[1] = changed[1].replace("the", "their").replace("customer", "client")
        score = 0.86
    if chance.random() < (0.3 if is_weak else 0.08):
        changed.insert(2, chance.choice(SENTENCES))
        score = 0.7
    if chance.random() < (0.2 if is_weak else 0.04):
        changed, score = ["I am not able to sum up this ticket. Could you share more of it?"], 0.21
    return " ".join(chosen), " ".join(changed), score


def _judge(chance: random.Random, score: float) -> dict[str, Any]:
    flags = ["judges disagree"] if chance.random() < 0.04 else []
    return _verdict(
        "judge", round(min(1, score + chance.uniform(-0.1, 0.03)), 2), "close in meaning", flags=flags
    )


def _extract(chance: random.Random, is_weak: bool):
    name, (category, trouble) = chance.choice(NAMES), chance.choice(TROUBLES)
    number = chance.randrange(1000, 9999)
    words = f"{name} {trouble.format(n=number)}. " + " ".join(chance.sample(SENTENCES, 2))
    ticket = {
        "category": category,
        "priority": chance.choice(["normal", "high"]),
        "summary": trouble.format(n=number),
        "order": number,
    }
    answer, differences = dict(ticket), []
    if chance.random() < (0.22 if is_weak else 0.04):
        answer["priority"] = "low"
        differences.append({"path": "priority", "before": ticket["priority"], "after": "low", "note": ""})
    if chance.random() < (0.08 if is_weak else 0.02):
        answer["category"] = "other"
        differences.append({"path": "category", "before": category, "after": "other", "note": ""})
    answer["summary"] = f"{name} {ticket['summary']}" if chance.random() < 0.5 else ticket["summary"]
    score = 1 - len(differences) / 2
    reason = (
        "2 fields alike" if not differences else ", ".join(one["path"] for one in differences) + " differ"
    )
    written = json.dumps(answer, indent=2, ensure_ascii=False)
    verdicts = [
        _verdict("json:category,priority", score, reason, differences=differences),
        _none("toolcalls", "no calls"),
        _verdict("fuzzy:0.6", round(0.99 - 0.1 * len(differences), 2), "close"),
        _judge(chance, 0.97 - 0.3 * len(differences)),
    ]
    after = f"```json\n{written}\n```" if is_weak else written
    return (
        [text("system", SYSTEM), text("user", words)],
        [text("assistant", json.dumps(ticket, indent=2))],
        [text("assistant", after)],
        verdicts,
    )


def _schedule(chance: random.Random, is_weak: bool):
    name, day = chance.choice(NAMES), chance.randrange(1, 28)
    booked = {
        "who": name,
        "day": f"2026-12-{day:02d}",
        "time": "14:30",
        "minutes": 20,
        "topic": {"ticket": chance.randrange(10**17, 10**18), "kind": "call back"},
    }
    answer, differences = {**booked, "topic": dict(booked["topic"])}, []
    if chance.random() < (0.3 if is_weak else 0.06):
        answer["time"] = "02:30"
        differences.append({"path": "book_call.time", "before": "14:30", "after": "02:30", "note": ""})
    if chance.random() < (0.15 if is_weak else 0.03):
        del answer["minutes"]
        differences.append({"path": "book_call.minutes", "before": 20, "after": None, "note": "missing"})
    asked = [
        text("system", "You book calls for the support desk. Look at the calendar first."),
        text("user", f"Please call {name} back on the {day}th, half past two in the afternoon."),
        {"role": "assistant", "kind": "call", "name": "calendar", "arguments": {"day": f"2026-12-{day:02d}"}},
        {
            "role": "tool",
            "kind": "result",
            "name": "calendar",
            "text": json.dumps({"free": ["10:00", "14:30", "16:00"]}),
        },
    ]
    thought = {
        "role": "assistant",
        "kind": "reasoning",
        "text": "Half past two in the afternoon is 14:30, which is free.",
    }
    before = [{"role": "assistant", "kind": "call", "name": "book_call", "arguments": booked}]
    after = [thought, {"role": "assistant", "kind": "call", "name": "book_call", "arguments": answer}]
    verdicts = [
        _none("json:category,priority", "no JSON"),
        _verdict(
            "toolcalls",
            1 - 0.25 * len(differences),
            "arguments differ" if differences else "1 call alike",
            differences=differences,
        ),
        _none("fuzzy:0.6", "no text"),
        _judge(chance, 0.98 - 0.3 * len(differences)),
    ]
    return asked, before, after, verdicts


def _summarise(chance: random.Random, is_weak: bool):
    left, right, score = _prose(chance, is_weak)
    asked = [
        text("system", "Sum up tickets in four sentences."),
        text("user", "Sum up this ticket:\n\n" + " ".join(chance.choices(SENTENCES, k=12))),
    ]
    verdicts = [
        _none("json:category,priority", "no JSON"),
        _none("toolcalls", "no calls"),
        _verdict("fuzzy:0.6", score, f"similarity {score}"),
        _judge(chance, score),
    ]
    return asked, [text("assistant", left)], [text("assistant", right)], verdicts


def _receipt(chance: random.Random, is_weak: bool):
    left, right, score = _prose(chance, is_weak)
    image = {
        "role": "user",
        "kind": "media",
        "media": "image",
        "type": "image/png",
        "bytes": 48123,
        "data": PIXEL,
    }
    asked = [text("user", "What does this receipt say about the order?"), image]
    verdicts = [
        _none("json:category,priority", "no JSON"),
        _none("toolcalls", "no calls"),
        _verdict("fuzzy:0.6", score, f"similarity {score}"),
        _judge(chance, score),
    ]
    return asked, [text("assistant", left)], [text("assistant", right)], verdicts
