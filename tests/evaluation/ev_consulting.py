"""Judges at the bundled provider, and pairs for them."""

from __future__ import annotations

import asyncio
import json

from ev_asking import QUICK, target

from tokentape.evaluation.asking.budget import Budget
from tokentape.evaluation.asking.means import RESTING, Means
from tokentape.evaluation.asking.purse import Purse
from tokentape.evaluation.asking.question import Changes
from tokentape.evaluation.comparing.comparator import Pair
from tokentape.evaluation.comparing.spec import comparators_of
from tokentape.evaluation.scoring.consulting import Consultant
from tokentape.testing.contracts.replies import ASKED, said
from tokentape.upstreams.aiohttp_sender import AiohttpSender
from tokentape.upstreams.pools.pools import Pools

JUDGE = "judge:up/gpt-4o-mini"


def opinion(better, by="much", why="It is right."):
    """What a judge says."""
    return json.dumps({"why": why, "better": better, "by": by})


def pair(before, after):
    return Pair(ASKED, said(before), said(after))


def found_at(provider, **upstreams):
    """Targets by name, all at the provider: `up` speaks Chat unless said otherwise."""

    def find(text):
        name, _, model = text.partition("/")
        return target(provider, upstreams.get(name, "openai.chat"), name, model)

    return find


class Consulted:
    """What comes of judging pairs, all at once; `troubles` is what could not be kept."""

    def __init__(self, store, find, *, asks=True, budget=None, changes=None, concurrency=8, before=None):
        self.store, self.find, self.asks, self.concurrency = store, find, asks, concurrency
        self.budget, self.changes = Budget(budget), changes or Changes()
        self.before = before or (lambda consultant: None)
        self.progress, self.troubles = {}, ()

    def __call__(self, spec, *pairs):
        """The verdicts, in the order of the pairs."""
        return self.by(comparators_of(spec)[0], *pairs)

    def by(self, comparator, *pairs):
        return asyncio.run(self._run(comparator, pairs))

    async def _run(self, comparator, pairs):
        sender = AiohttpSender()
        means = Means(sender, Pools((), RESTING), Purse(self.budget), QUICK, self.changes)
        consultant = Consultant(self.store, self.find, means, asks=self.asks, concurrency=self.concurrency)
        self.before(consultant)
        try:
            return await asyncio.gather(*(consultant.verdict(comparator, each) for each in pairs))
        finally:
            await sender.aclose()
            self.progress, self.troubles = consultant.progress, consultant.close()
