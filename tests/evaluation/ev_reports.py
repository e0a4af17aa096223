"""What comes of questions, made by hand, and reports of it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from decimal import Decimal
from random import Random

from ev_corpora import chat, row

from tokentape.evaluation.comparing.comparator import Side, Verdict
from tokentape.evaluation.reporting.about import About
from tokentape.evaluation.reporting.gates import Gates
from tokentape.evaluation.reporting.jsonform import json_pieces
from tokentape.evaluation.reporting.report import Report
from tokentape.evaluation.reporting.tally import Tally
from tokentape.evaluation.scoring.scored import Scored, Status
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.usage import Usage

QUANTITIES = ("cost", "tokens_in", "tokens_out", "seconds", "first")


def reply(text="Yes.", model="new"):
    """A reply of one text."""
    return Reply((Choice((Message(Role.ASSISTANT, (Text(text),)),), Stop(StopReason.END)),), model=model)


def side(text="Yes.", usd=0.001, seconds=1.0, first=0.2, tokens=(10, 20), unpriced=""):
    """One answer; None is what nobody knows."""
    usage = None if tokens is None else Usage(*tokens)
    cost = None if usd is None else Decimal(str(usd))
    return Side(reply(text), True, seconds, first, usage, cost, unpriced)


def verdict(ok=True, score=None, reason="why", **more):
    """What a comparator says; `ok` None: a score without a threshold."""
    return Verdict(float(bool(ok)) if score is None else score, ok, reason, **more)


def asked(number=0, category=None, model="gpt-4o", cluster="", text=None):
    """A row of the corpus."""
    metadata = {} if category is None else {"category": category}
    found = row(chat(text or f"Question {number}?", model=model, metadata=metadata))
    found.cluster = cluster
    return found


def answered(number=0, target="up/new", sample=1, before=None, after=None, verdicts=None, of=None, **more):
    """A question with its answer."""
    found = of or asked(
        number, **{name: more.pop(name) for name in ("category", "cluster", "model") if name in more}
    )
    given = {"exact": verdict()} if verdicts is None else verdicts
    return Scored(found, target, sample, Status.ANSWERED, before or side(), after or side(), given, **more)


def without(number=0, status=Status.SKIPPED, reason="it cannot see", target="up/new", **more):
    """A question without an answer."""
    return Scored(asked(number), target, 1, status, side(), reason=reason, **more)


@contextmanager
def report(scored, *, targets=(), comparators=(), about=None, **gates):
    """A report of it."""
    with Tally(targets, comparators) as tally:
        for each in scored:
            tally.add(each)
        known = gates.pop("gates", None) or Gates.of(**gates)
        yield Report(tally, about or About("A title"), known)


def as_json(scored, limit=None, **more):
    """The report's JSON, as another program reads it."""
    with report(scored, **more) as found:
        return json.loads("".join(json_pieces(found, limit)), parse_constant=lambda name: 1 / 0)


def corpus(count, *, targets=("up/new",), samples=1, seed=1, turns=1, rate=0.9):
    """Many rows with figures by chance, some of them unknown; turns of one conversation follow each other."""
    random = Random(seed)

    def known(value, odds=0.9):
        return value if random.random() < odds else None

    for number in range(count):
        cluster = f"conversation {number // turns}" if turns > 1 else ""
        of = asked(number, category=f"c{number % 3}", model=f"gpt-{number % 2}", cluster=cluster)
        before = side(
            "Before.",
            known(random.random() / 100),
            known(random.expovariate(1)),
            known(random.random()),
            known((random.randrange(500), random.randrange(90))),
        )
        for target in targets:
            for sample in range(1, samples + 1):
                after = side(
                    "After.",
                    known(random.random() / 200),
                    known(random.expovariate(2)),
                    known(random.random()),
                    known((random.randrange(500), random.randrange(90))),
                )
                ok = random.random() < rate
                verdicts = {"exact": verdict(ok), "fuzzy:0.5": verdict(None, random.random())}
                if random.random() < 0.3:
                    verdicts["json:a"] = Verdict(None, None, "no JSON")
                else:
                    verdicts["json:a"] = verdict(random.random() < 0.5)
                yield answered(
                    target=target, sample=sample, before=before, after=after, verdicts=verdicts, of=of
                )
