"""The corpus in each tool's own form: a SQLite store for tokentape, a folder of JSON files for agentrec.

Answers are recorded as each tool's `migrate` records them: for tokentape the request as it is translated for
the target, with its key and lineage; for agentrec by the id that it looks for.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks.evaluation.corpus import TARGET, Call, calls, recorded, streamed
from tokentape.cassettes.stores.sqlite import SqliteStore
from tokentape.evaluation.asking.answers import ANSWERS, answers_name
from tokentape.evaluation.asking.preparing import prepare
from tokentape.evaluation.asking.question import UNCHANGED
from tokentape.keeping import as_stored
from tokentape.matching.key import Matcher
from tokentape.options import Options, redactor_of
from tokentape.protocols.codec import Source
from tokentape.protocols.translation import read_request
from tokentape.upstreams.auth.nothing import NoAuth
from tokentape.upstreams.upstream import Candidate, Upstream
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.message import Request, Response

CASSETTE = "corpus"
CANDIDATE = Candidate(
    Upstream("anthropic", "anthropic.messages", "https://api.anthropic.com", NoAuth()), TARGET
)
_DIALECTS = {"chat": "openai.chat", "messages": "anthropic.messages"}
_JSON = (("Content-Type", "application/json"),)


def ours(path: Path, count: int) -> None:
    """The store. Questions first, since their ids are given when they are saved."""
    store = SqliteStore(path)
    matcher = Matcher(Options.of({}).match_on)
    _save(store, CASSETTE, matcher, (_question(call) for call in calls(count)))
    ids = [entry.id for entry, _ in store.blocks(CASSETTE)]
    asked: set[bytes] = set()
    _save(store, answers_name(ANSWERS, CANDIDATE), matcher, _answers(count, ids, asked))


def _save(store: SqliteStore, name: str, matcher: Matcher, found: Iterable[Interaction]) -> None:
    redactor = redactor_of(Options.of({}))
    journal = store.journal(name, rules=matcher.rules)
    for interaction in found:
        stored = as_stored(interaction, matcher, redactor)
        assert stored is not None
        journal.append(stored)
    store.commit(name, journal, finished=True, rules=matcher.rules)


def _question(call: Call) -> Interaction:
    url, data, body, kind = recorded(call)
    return _interaction(Request("POST", url, _JSON, data), body, kind, call, {"category": call.category})


def _answers(count: int, ids: list[str], asked: set[bytes]) -> Iterable[Interaction]:
    """One for each question that comes to another request."""
    for call, id in zip(calls(count), ids, strict=True):
        _, data, _, _ = recorded(call)
        question = read_request(json.loads(data), Source(_DIALECTS[call.dialect], call.model, call.streamed))
        request = prepare(question, CANDIDATE, UNCHANGED).request
        if request.body is not None and request.body not in asked:
            asked.add(request.body)
            body = streamed("messages", call.answer, TARGET, call.number)
            lineage = {"migrated_from": id, "target": CANDIDATE.label, "sample": 1}
            yield _interaction(request, body, "text/event-stream", call, lineage)


def _interaction(
    request: Request, body: bytes, kind: str, call: Call, metadata: dict[str, object]
) -> Interaction:
    reply = Response(200, "OK", (("Content-Type", kind),), body, (len(body),))
    timing = Timing(call.at, 350, (120 + call.number % 900,))
    return Interaction("", request, reply, Ended(How.EOF), timing, metadata=metadata)  # type: ignore[arg-type]


def theirs(folder: Path, count: int) -> None:
    """The folder: the files that agentrec's `FileStore` would write, without its summaries, which it does not
    read again. Its id for an answer is made of that of the question.
    """
    folder.mkdir()
    for call in calls(count):
        url, data, body, kind = recorded(call)
        id = f"{call.dialect}_{call.number:07}"
        meta = {"category": call.category, "recorded_at": call.at, "latency_s": 0.5}
        _write(folder / f"{id}.json", url, data, body, kind, meta)
        answer = streamed("messages", call.answer, TARGET, call.number)
        meta = {"migrated_from": id, "recorded_at": call.at, "latency_s": 0.5}
        name = f"migration__{id}__to__{TARGET}.json"
        _write(
            folder / name, "https://api.anthropic.com/v1/messages", data, answer, "text/event-stream", meta
        )


def _write(path: Path, url: str, data: bytes, body: bytes, kind: str, meta: dict[str, object]) -> None:
    record = {
        "metadata": meta,
        "request": {
            "method": "POST",
            "url": url,
            "headers": [["content-type", "application/json"]],
            "content": data.decode(),
        },
        "response_status": 200,
        "response_headers": [["content-type", kind]],
        "response_extensions": {"http_version": {"__bytes__": "HTTP/1.1"}},
        "chunks": [{"data": body.decode(), "timestamp_offset": 0.0}],
    }
    path.write_text(json.dumps(record, indent=2, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    {"ours": ours, "theirs": theirs}[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))
