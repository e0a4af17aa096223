"""Questions, targets and runs, as tests of asking hold them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from tokentape.evaluation.asking.answers import close_lane, open_lane
from tokentape.evaluation.asking.budget import Budget
from tokentape.evaluation.asking.means import RESTING, Means
from tokentape.evaluation.asking.outcome import Answer
from tokentape.evaluation.asking.purse import Purse
from tokentape.evaluation.asking.question import UNCHANGED
from tokentape.evaluation.asking.schedule import Run
from tokentape.protocols.codec import Source
from tokentape.protocols.translation import read_request
from tokentape.upstreams.aiohttp_sender import AiohttpSender
from tokentape.upstreams.auth.nothing import NoAuth
from tokentape.upstreams.pools.pools import Pools
from tokentape.upstreams.retrying import Policy, RetryOptions
from tokentape.upstreams.upstream import Candidate, Upstream

QUICK = Policy(RetryOptions(budget=20.0, max_retries=2, base=0.001, most=0.002, same_key_below=20.0))

MODELS = {
    "openai.chat": "gpt-4o-mini",
    "openai.responses": "gpt-4o",
    "anthropic.messages": "claude-haiku-4-5",
    "gemini": "gemini-2.5-flash",
    "bedrock.converse": "amazon.nova-lite-v1:0",
    "cohere": "command-r-08-2024",
    "ollama": "llama3.2",
}
BASES = {"openai.chat": "/v1", "openai.responses": "/v1"}


@dataclass
class Asked:
    """A question."""

    id: str
    conversation: Any
    usage: Any = None
    seconds: float | None = None
    why_not: str = ""
    headers: Any = ()


def chat(text, number=0, *, model="gpt-4o-mini", **more):
    """A question that was recorded of Chat."""
    body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
    return Asked(f"row{number}", read_request(body, Source("openai.chat")))


def questions(count, *, start=0, **more):
    return [chat(f"Question {number}?", number, **more) for number in range(start, start + count)]


def target(provider, dialect="openai.chat", name="up", model=None, **more):
    """A target at the provider."""
    upstream = Upstream(name, dialect, provider.url + BASES.get(dialect, ""), NoAuth(), **more)
    return Candidate(upstream, model or MODELS[dialect])


class Migration:
    """A run over a list of questions; `outcomes` is what was told."""

    def __init__(
        self,
        store,
        *candidates,
        changes=UNCHANGED,
        budget=None,
        policy=QUICK,
        prices=None,
        fetching=None,
        asks=True,
        **more,
    ):
        self.store, self.candidates = store, candidates
        self.changes, self.policy, self.prices, self.more = changes, policy, prices, more
        self.fetching, self.asks = fetching, asks
        self.budget = Budget(budget)
        self.outcomes = []
        self.progress = {}
        self.run = None

    def __call__(self, asked, told=None):
        """Run it to its end, close the cassettes, and give what came of it by target."""
        asyncio.run(self._run(asked, told))
        return self

    async def _run(self, asked, told):
        lanes = [open_lane(self.store, "corpus", candidate, asks=self.asks) for candidate in self.candidates]
        sender = AiohttpSender()
        try:
            pools, purse = Pools((), RESTING), Purse(self.budget)
            means = Means(sender, pools, purse, self.policy, self.changes, self.prices, self.fetching)
            every = (lambda label: asked()) if callable(asked) else lambda label: asked
            self.run = Run(every, lanes, means, lambda one: self._told(one, told), **self.more)
            self.progress = self.run.progress
            await self.run.run()
        finally:
            await sender.aclose()
            self.troubles = [trouble for lane in lanes for trouble in close_lane(lane)]

    def _told(self, outcome, told):
        self.outcomes.append(outcome)
        if told is not None:
            told(outcome)

    def stop(self):
        self.run.stop()

    @property
    def answers(self):
        return [one.result for one in self.outcomes if isinstance(one.result, Answer)]

    @property
    def results(self):
        return {one.question.id: one.result for one in self.outcomes}


def text_of(reply):
    return "".join(part.text for item in reply.items for part in getattr(item, "parts", ()))
