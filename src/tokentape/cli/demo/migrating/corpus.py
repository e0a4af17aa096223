"""The bundled corpus: the cases as a program would have recorded them, each with the right answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tokentape.cassettes.stores.registry import open_store
from tokentape.cli.demo.migrating.cases import cases
from tokentape.cli.saving import save
from tokentape.evaluation.asking.preparing import prepare
from tokentape.evaluation.asking.question import Changes
from tokentape.keeping import as_stored
from tokentape.matching.key import Matcher
from tokentape.options import Options, redactor_of
from tokentape.testing.provider import References, Send
from tokentape.testing.provider.exchange import Exchange
from tokentape.testing.provider.faults import cut
from tokentape.testing.provider.personas.draw import Draw
from tokentape.testing.provider.routes import find
from tokentape.testing.provider.seen import Seen
from tokentape.testing.provider.turn import Serial
from tokentape.upstreams.auth.nothing import NoAuth
from tokentape.upstreams.upstream import Candidate, Upstream
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.message import Response

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokentape.cli.demo.migrating.cases import Case
    from tokentape.testing.provider.script import Script
    from tokentape.wire.message import Request

BEGUN = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
RETRIED, BROKEN = 5, 61
"""Which call was made again after an error, and of which the reply broke off the first time."""


def write_corpus(place: str) -> int:
    """Write the corpus to `place` (a store's address); how many recordings it holds."""
    options = Options.of({"match_on": "default", "redact": ()})
    matcher, redactor = Matcher(options.match_on), redactor_of(options)
    stored = [as_stored(each, matcher, redactor) for each in _recorded(cases())]
    store, name = open_store(place)
    kept = [each for each in stored if each is not None]
    save(store, name, kept, finished=True, rules=matcher.rules)
    return len(kept)


def references() -> References:
    """The right answers, for the provider that plays the targets."""
    known = References()
    for case in cases():
        known.add(case.text, case.turn, given=case.given)
    return known


def _recorded(every: Sequence[Case]) -> Iterator[Interaction]:
    for number, case in enumerate(every):
        request = _request(case)
        exchange = _exchange(request, number)
        said = exchange.say(case.turn)
        if number == RETRIED:
            yield _interaction(case, request, exchange.fail(503, "Overloaded."), number, earlier=3)
        if number == BROKEN:
            half = cut(at=len(said.body) // 2)(said)
            yield _interaction(case, request, half, number, earlier=3, how=How.CUT)
        yield _interaction(case, request, said, number)


def _request(case: Case) -> Request:
    model = case.model
    upstream = Upstream(model.provider, model.dialect, model.url, NoAuth(), provider=model.provider)
    candidate = Candidate(upstream, model.name)
    return prepare(case.asked, candidate, Changes(stream=case.stream)).request


def _exchange(request: Request, number: int) -> Exchange:
    """The call as the bundled provider sees it, which writes the reply in the dialect's own form."""
    parts = urlsplit(request.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    seen = Seen("POST", target, request.headers, request.body, 0.0, 1)
    digest = blake2b(request.body or b"", digest_size=16).digest()
    return Exchange(seen, find(seen), Serial(digest, number + 1))


def _interaction(
    case: Case, request: Request, script: Script, number: int, *, earlier: int = 0, how: How = How.EOF
) -> Interaction:
    head = script.head
    if head is None:
        raise RuntimeError("the reply has no head")
    chunks = tuple(len(step.data) for step in script if isinstance(step, Send))
    response = Response(head.status, "OK" if head.status < 300 else "", head.headers, script.body, chunks)
    at = BEGUN + timedelta(minutes=7 * number, seconds=-earlier)
    timing = Timing(at.isoformat(timespec="microseconds").replace("+00:00", "Z"), *_times(case, chunks))
    return Interaction("", request, response, Ended(how), timing, metadata={"category": case.category})


def _times(case: Case, chunks: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """Milliseconds to the head and between chunks, as large models take them."""
    draw = Draw("recorded", case.model.name, case.text, case.given)
    pace = 0.7 + 0.6 * draw.share("pace")
    first, each = round(450 * pace), round(12 * case.turn.tokens * pace)
    if len(chunks) == 1:
        return first + each, (0,)
    return first, tuple(round(each / len(chunks) * (0.5 + draw.share(str(n)))) for n in range(len(chunks)))
