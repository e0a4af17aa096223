"""From a call and a candidate to the request that is sent there.

Same dialect: the bytes that came, with patches only. Another: the translation, and what it loses. A loss
that changes the meaning is refused here, before anything is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tokentape.gateway.forwarding import onward
from tokentape.gateway.patching import differences, patched
from tokentape.protocols.canonical.losses import LossReport
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.fastjson import dumps
from tokentape.protocols.quirks import NO_QUIRKS
from tokentape.protocols.translation import write_request
from tokentape.upstreams.addressing import url_of
from tokentape.upstreams.auth.bare import bare_query
from tokentape.upstreams.parameters import with_parameters
from tokentape.upstreams.unsigned import UNSIGNED, without_unsigned
from tokentape.upstreams.writing import fresh, method_of, own_way, place_of, target_of
from tokentape.wire.message import Request
from tokentape.wire.quick import quick
from tokentape.wire.url import path_and_query

if TYPE_CHECKING:
    from tokentape.gateway.asking import Asking
    from tokentape.gateway.giving import Giving
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.upstreams.upstream import Candidate, Upstream
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

NO_LOSSES = LossReport()


@quick
@dataclass(frozen=True, slots=True)
class Prepared:
    """What is sent (not signed yet), and what is needed to read the reply.

    `source` reads the upstream's reply; `asked` is the canonical request it answers, None where the reply
    goes on as it is. `body` is what was sent, as JSON values.
    """

    request: Request
    source: Source
    losses: LossReport
    asked: Conversation | None = None
    body: Fields | None = None

    @property
    def is_same(self) -> bool:
        """True where the client and the upstream speak the same dialect."""
        return self.asked is None


def prepare(
    asking: Asking, candidate: Candidate, credential: str, *, strict: bool, giving: Giving | None = None
) -> Prepared:
    """The request for `candidate`, which will be asked with the credential of that name. `giving` puts in
    what the upstream needs back.

    Raises `ProtocolError` for a body that is not of its dialect, `UnsupportedFeature` for a loss of meaning
    (with `strict` for any loss), `UsageError` for a model that cannot stand in a path.
    """
    upstream = candidate.upstream
    dialect = upstream.speaks(asking.call.dialect)
    if dialect == asking.call.dialect:
        return _same(asking, candidate, giving, strict=strict)
    return _translated(asking, candidate, dialect, credential, giving, strict=strict)


def _same(asking: Asking, candidate: Candidate, giving: Giving | None, *, strict: bool) -> Prepared:
    call, upstream = asking.call, candidate.upstream
    request, fields = call.incoming.request, call.fields
    body, losses = request.body or b"", NO_LOSSES
    if candidate.set or (upstream.quirks is not NO_QUIRKS and not owns(upstream, call.dialect)):
        fields, losses = _adapted(asking, candidate, strict=strict)
    if "model" in fields and fields["model"] != candidate.model:
        fields = {**fields, "model": candidate.model}
    fields = own_way(fields, upstream)
    keeps = upstream.passes_client_key
    headers = (*onward(request.headers, keep_credentials=keeps), *upstream.headers)
    if giving is not None:
        fields, headers = giving.injected(giving.passed(fields, call.dialect), headers, call.dialect)
    if call.dialect == "anthropic.messages" and UNSIGNED.search(body):
        fields = without_unsigned(fields)
    if call.is_edited:
        body = dumps(fields)
    elif fields is not call.fields and (changes := differences(call.fields, fields)):
        body = patched(body, changes)
    path, query = path_and_query(request.url)
    path = path.lstrip("/")
    if query and not keeps:
        query = bare_query(query)
    if call.model and call.model != candidate.model:
        path = with_model(path, candidate.model)
    url = url_of(upstream, path, query, candidate.model, method_of(path), stream=call.stream)
    source = Source(call.dialect, candidate.model, call.stream, upstream.provider or None)
    return Prepared(Request("POST", url, headers, body), source, losses, body=fields)


def _adapted(asking: Asking, candidate: Candidate, *, strict: bool) -> tuple[Fields, LossReport]:
    """The body with what an alias sets, as a server takes it that speaks the dialect in its own way."""
    dialect, upstream = asking.call.dialect, candidate.upstream
    changed = with_parameters(asking.conversation, candidate.set)
    target = Target(dialect, candidate.model, upstream.provider or None, quirks=upstream.quirks)
    written = write_request(changed, target)
    if strict and len(written.losses):
        refused(dialect, dialect, written.losses)
    return dict(written.result.body), written.losses


def owns(upstream: Upstream, dialect: str) -> bool:
    """True where the dialect is the upstream's own: what its clients write for it is right as it is."""
    return dialect.partition(".")[0] == upstream.provider


def _translated(
    asking: Asking,
    candidate: Candidate,
    dialect: str,
    credential: str,
    giving: Giving | None,
    *,
    strict: bool,
) -> Prepared:
    call, upstream = asking.call, candidate.upstream
    target = target_of(candidate, dialect, credential)
    asked = with_parameters(asking.conversation, candidate.set)
    asked = replace(asked, stream=call.stream)
    restored = giving.restored(asked, dialect) if giving is not None else asked
    written = write_request(restored, target)
    if strict and len(written.losses):
        refused(call.dialect, dialect, written.losses)
    outgoing = written.result
    body = own_way(outgoing.body, upstream)
    headers = (*fresh(dialect, stream=call.stream), *upstream.headers)
    if giving is not None:
        body, headers = giving.injected(body, headers, dialect, passed=False)
    url = place_of(candidate, outgoing, stream=call.stream)
    request = Request("POST", url, headers, dumps(body))
    source = Source(dialect, candidate.model, call.stream, upstream.provider or None, target.credential)
    return Prepared(request, source, written.losses, asked, body)


def with_model(path: str, model: str) -> str:
    """A path that names a model (Gemini's), naming another; any other path as it is."""
    head, mark, rest = path.partition("/models/")
    if not mark:
        return path
    _, colon, method = rest.rpartition(":")
    return f"{head}{mark}{model}{colon}{method}" if colon else f"{head}{mark}{model}"


def refused(source: str, target: str, losses: LossReport) -> None:
    """Raise what a strict policy raises: for it every loss is one too many."""
    from tokentape.errors import UnsupportedFeature
    from tokentape.protocols.canonical.losses import Loss, Severity

    every = LossReport(
        tuple(Loss(loss.path, loss.what, loss.why, Severity.MEANING) for loss in losses.losses)
    )
    raise UnsupportedFeature(source, target, every)
