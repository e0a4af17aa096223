"""tokentape beside agentrec on one corpus: the rows that each can evaluate, and what their comparators say.

`python -m matrix.agentrec` prints the tables, `--write` writes the page. Both tools ask the bundled provider,
each with a `migrate` of its own; then both compare the same pairs of replies.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from agentrec import comparators as theirs
from agentrec.capture import CapturedChunk, CapturedInteraction, CapturedRequest
from agentrec.keying import fingerprint_of
from agentrec.migration import run_migration
from agentrec.providers import (
    DecodeError,
    UnsupportedRequestError,
    adapter_for_provider,
    conversation_of,
    decode_interaction,
)
from agentrec.store import FileStore
from benchmarks.evaluation.corpus import asked as asked_of
from benchmarks.evaluation.corpus import calls, streamed
from benchmarks.evaluation.corpus import recorded as generated

from matrix.agentrec_differences import DIFFERENCES, Compared
from matrix.protocols_recorded import SAMPLES
from matrix.protocols_stones import DIALECTS, stones_of
from tokentape.cassettes.importers.vcr import read_vcr
from tokentape.cassettes.stores.memory import MemoryStore
from tokentape.evaluation.asking.answers import close_lane, open_lane
from tokentape.evaluation.asking.means import RESTING, Means
from tokentape.evaluation.asking.outcome import Answer, Outcome
from tokentape.evaluation.asking.purse import Purse
from tokentape.evaluation.asking.question import Changes
from tokentape.evaluation.asking.schedule import Run
from tokentape.evaluation.comparing.comparator import Pair, Side
from tokentape.evaluation.comparing.spec import comparators_of
from tokentape.evaluation.corpus.row import Row
from tokentape.evaluation.scoring.scoring import answered, recorded
from tokentape.protocols.registry import is_complete, recognise
from tokentape.testing.provider import Provider
from tokentape.upstreams.aiohttp_sender import AiohttpSender
from tokentape.upstreams.auth.nothing import NoAuth
from tokentape.upstreams.pools.pools import Pools
from tokentape.upstreams.upstream import Candidate, Upstream
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.message import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "agentrec.md"
TARGET = "claude-haiku-4-5"
GENERATED = 150
"""Calls as benchmarks make them."""
COMPARED = ("exact", "fuzzy", "json", "json:category,priority", "toolcalls")
JSON = (("Content-Type", "application/json"),)
URLS = {
    "openai.chat": "https://api.openai.com/v1/chat/completions",
    "openai.responses": "https://api.openai.com/v1/responses",
    "anthropic.messages": "https://api.anthropic.com/v1/messages",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/models/{model}:generateContent",
    "bedrock.converse": "https://bedrock-runtime.us-east-1.amazonaws.com/model/{model}/converse",
    "ollama": "http://localhost:11434/api/chat",
    "cohere": "https://api.cohere.com/v2/chat",
}


@dataclass
class Found:
    """What a run found: rows by dialect that each tool evaluates, and every pair that was compared."""

    ours: dict[str, set[int]]
    theirs: dict[str, set[int]]
    all: dict[str, int]
    compared: list[tuple[str, Compared]]
    breaking: int = 0
    """Recordings that would have ended agentrec's run."""

    @property
    def only_theirs(self) -> list[tuple[str, int]]:
        """Rows that only agentrec evaluates."""
        return [
            (name, row) for name, rows in self.theirs.items() for row in rows - self.ours.get(name, set())
        ]

    @property
    def unlisted(self) -> list[tuple[str, Compared]]:
        """Pairs of which the tools say different things, for no reason that is listed."""
        return [(name, one) for name, one in self.compared if not one.agrees and not reason_of(name, one)]


def corpus() -> list[Interaction]:
    """Real recordings, every feature in every dialect, and generated calls."""
    found = [
        each
        for path in sorted(SAMPLES.glob("*.yaml"))
        for each in read_vcr(str(path)).interactions
        if _is_conversation(each)
    ]
    for dialect in DIALECTS:
        found += _stones(dialect)
    for call in calls(GENERATED):
        url, data, body, kind = generated(call)
        found.append(_interaction(url, data, body, kind))
    return found


def _stones(dialect: str) -> Iterator[Interaction]:
    for stone in stones_of(dialect):
        if stone.request is not None and stone.reply is not None:
            url = URLS[dialect].format(model=stone.model)
            asked, came = json.dumps(stone.request).encode(), json.dumps(stone.reply).encode()
            yield _interaction(url, asked, came, "application/json")


def _interaction(url: str, asked: bytes, came: bytes, kind: str) -> Interaction:
    reply = Response(200, "OK", (("Content-Type", kind),), came, (len(came),))
    request = Request("POST", url, JSON, asked)
    terminal = is_complete(recognise(request).operation, reply)
    return Interaction(
        "", request, reply, Ended(How.EOF, terminal), Timing("2026-11-22T00:00:00Z", 300, (50,))
    )


def _is_conversation(interaction: Interaction) -> bool:
    return Row(interaction, "").is_conversation


def run() -> Found:
    """Both tools over the corpus."""
    every = [Row(_with_id(each, number), "corpus") for number, each in enumerate(corpus())]
    with Provider() as provider, tempfile.TemporaryDirectory() as folder:
        outcomes = asyncio.run(_ours(every, provider))
        keys = asyncio.run(_theirs(every, provider, FileStore(folder)))
    found = Found({}, {}, Counter(row.dialect for row in every), [])
    found.breaking = sum(map(breaks, every))
    answers = {outcome.question.id: outcome.result for outcome in outcomes}
    answered_keys = {row.key for row in every if isinstance(answers[row.id], Answer)}
    for row in every:
        result = answers[row.id]
        if row.key in answered_keys and not row.why_not:
            found.ours.setdefault(row.dialect, set()).add(int(row.id))
        if isinstance(result, Answer) and not row.why_not:
            found.compared += _compare(row, result.interaction, answered(result))
        if fingerprint_of(captured(row.interaction)).semantic_key in keys:
            found.theirs.setdefault(row.dialect, set()).add(int(row.id))
    for row, answer in _generated():
        found.compared += _compare(row, answer.interaction, recorded(answer))
    return found


def _generated() -> Iterator[tuple[Row, Row]]:
    """Generated calls with the answers that were generated with them: JSON, calls of tools, prose."""
    for call in calls(GENERATED):
        url, data, body, kind = generated(call)
        said = streamed("messages", call.answer, TARGET, call.number)
        asked = json.dumps({**asked_of(replace(call, dialect="messages")), "stream": True}).encode()
        answer = _interaction(URLS["anthropic.messages"], asked, said, "text/event-stream")
        yield Row(_interaction(url, data, body, kind), "generated"), Row(answer, "generated")


def _with_id(interaction: Interaction, number: int) -> Interaction:
    request = interaction.request
    terminal = (
        is_complete(recognise(request).operation, interaction.response) if interaction.response else None
    )
    return replace(interaction, id=str(number), ended=replace(interaction.ended, terminal=terminal))


async def _ours(every: list[Row], provider: Provider) -> list[Outcome[Row]]:
    """A migration of ours."""
    outcomes: list[Outcome[Row]] = []
    upstream = Upstream("anthropic", "anthropic.messages", provider.url, NoAuth())
    lane = open_lane(MemoryStore(), "answers", Candidate(upstream, TARGET))
    sender = AiohttpSender()
    try:
        means = Means(sender, Pools((), RESTING), Purse(), changes=Changes(lossy=True))
        await Run(lambda _: every, [lane], means, outcomes.append).run()
    finally:
        await sender.aclose()
        close_lane(lane)
    return outcomes


async def _theirs(every: list[Row], provider: Provider, store: FileStore) -> set[str]:
    """A migration of theirs, which asks where its class says; the keys of the rows that it compared."""
    for row in every:
        if not breaks(row):
            store.save_sync(row.id, captured(row.interaction))
    adapter = type(adapter_for_provider("anthropic"))
    before, adapter.messages_url = adapter.messages_url, f"{provider.url}/v1/messages"
    os.environ.setdefault("ANTHROPIC_API_KEY", "test")
    try:
        report = await run_migration(store, TARGET, theirs.build_comparators("exact"))
    finally:
        adapter.messages_url = before
    return {row.semantic_key for row in report.rows if row.status == "ok"}


def breaks(row: Row) -> bool:
    """True for a recording over which agentrec ends its whole run, so that it is kept from it."""
    try:
        interaction = captured(row.interaction)
        decode_interaction(interaction)
        conversation_of(interaction)
    except (DecodeError, UnsupportedRequestError):
        return False
    except (LookupError, ValueError, TypeError, AttributeError):
        return True
    return False


def captured(interaction: Interaction) -> CapturedInteraction:
    """The interaction in agentrec's form."""
    request, response = interaction.request, interaction.response
    sent = CapturedRequest(request.method, request.url, _fields(request.headers), request.body or b"")
    if response is None:
        return CapturedInteraction(sent, 0, [], {}, [], {})
    chunks = [CapturedChunk(response.body or b"")]
    return CapturedInteraction(sent, response.status, _fields(response.headers), {}, chunks, {})


def _fields(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]


def _compare(row: Row, answer: Interaction, after_side: Side) -> Iterator[tuple[str, Compared]]:
    """What both say of one pair; nothing where agentrec cannot read one of the replies."""
    try:
        before = decode_interaction(captured(row.interaction))
        after = decode_interaction(captured(_as_anthropic(answer)))
    except (DecodeError, LookupError, ValueError, KeyError, TypeError, AttributeError):
        return
    pair = Pair(row.conversation, recorded(row), after_side, row.metadata)  # type: ignore[arg-type]
    for name in COMPARED:
        [one] = theirs.build_comparators(name)
        said = asyncio.run(one.compare("", before, after))
        [mine] = comparators_of(name)
        yield name, Compared(pair, mine.compare(pair), said)  # type: ignore[union-attr]


def _as_anthropic(interaction: Interaction) -> Interaction:
    """agentrec knows whom it asked by the host."""
    return replace(interaction, request=replace(interaction.request, url=URLS["anthropic.messages"]))


def reason_of(name: str, one: Compared) -> str:
    """Why the tools differ, of what is listed; "" for none."""
    return next((each.why for each in DIFFERENCES if each.fits(name, one)), "")


_HEAD = """\
# Beside agentrec

Made by `python -m matrix.agentrec --write` from a run with agentrec {version}; `nox -s agentrec` makes the
run again, and fails where it says something else. Both tools get one corpus: the real recordings of the
tests, a conversation for each feature in each dialect, and generated calls. Each asks the bundled provider
with a migration of its own. How long both take, and how much memory, stands under
[Benchmarks](benchmarks.md).

## Rows that can be evaluated

| API | recorded | tokentape | agentrec |
|---|---|---|---|
"""
_ROWS = """
Of the rows that agentrec evaluates tokentape lacks {lacks}. What tokentape leaves out are replies that were
cut or failed, and requests that hold no conversation. Questions that cannot be asked of the target without
a loss are asked all the same here (`--allow-losses`), as agentrec does. It got the corpus without
{breaking} recordings that end its run with an exception.

## What comparators say

Pairs whose replies both tools can read, compared by both: those of the migration, and generated answers
with JSON, calls and prose that differ here and there.

| comparator | pairs | equal score and verdict | differ |
|---|---|---|---|
"""


def page(found: Found) -> str:
    """The page."""
    text = _HEAD.format(version=version("agentrec"))
    for dialect, count in sorted(found.all.items()):
        text += _line(
            f"`{dialect}`", count, *(len(each.get(dialect, ())) for each in (found.ours, found.theirs))
        )
    both = (sum(map(len, each.values())) for each in (found.ours, found.theirs))
    text += _line("all", sum(found.all.values()), *both)
    text += _ROWS.format(lacks=len(found.only_theirs), breaking=found.breaking)
    for name in COMPARED:
        pairs = [one for each, one in found.compared if each == name]
        agree = sum(one.agrees for one in pairs)
        text += _line(f"`{name}`", len(pairs), agree, len(pairs) - agree)
    text += "\n| comparator | pairs | why they differ |\n|---|---|---|\n"
    why = Counter((name, reason_of(name, one)) for name, one in found.compared if not one.agrees)
    return text + "".join(_line(f"`{name}`", count, reason) for (name, reason), count in sorted(why.items()))


def _line(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |\n"


def main() -> int:
    """The exit code is 1 where a row is missing, or a difference is not listed."""
    parser = argparse.ArgumentParser(prog="python -m matrix.agentrec", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the page")
    options = parser.parse_args()
    found = run()
    print(page(found))
    for name, one in found.unlisted:
        print(name, one.ours, one.theirs, one.pair.before.text[:200], one.pair.after.text[:200], sep="\n    ")
    if options.write:
        PAGE.write_text(page(found), encoding="utf-8")
    return int(bool(found.unlisted or found.only_theirs))


if __name__ == "__main__":
    sys.exit(main())
