"""Tokens and cost where nobody counted them: before a call, and for replies that do not say.

Every answer says that it is an estimate, and how it was made.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError, UsageError
from tokentape.gateway.usage.tap import Counted
from tokentape.metering.call import Call
from tokentape.metering.cost import cost_of as priced
from tokentape.protocols.canonical.estimate import estimate
from tokentape.protocols.codec import Source
from tokentape.protocols.detection import dialect_of_request
from tokentape.protocols.dialect import Kind
from tokentape.protocols.reading import text
from tokentape.protocols.replies import model_in, usage_in
from tokentape.protocols.translation import codec_of, read_request
from tokentape.protocols.unfolding import dumped
from tokentape.protocols.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.metering.cost import Cost
    from tokentape.metering.price import Price
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

BY_TEXT = "four ASCII characters, or 1.5 of any other, count as a token; media by their kind"
BY_BYTES = "four bytes of the body count as a token"
BY_SAID = "output: four bytes of the text that came count as a token"
BY_EVENTS = "output: each event of the stream counts as a token"


def guess(dialect: str, body: Fields, *, model: str | None = None, said: int = 0, events: int = 0) -> Counted:
    """What a call used whose reply does not say: a stream without a usage event, or one that was cut.

    `said` and `events` are those of its `UsageTap`.
    """
    tokens, method = _input(_read(dialect, body, model), body)
    output = round(said / 4) if said else events
    how = BY_SAID if said else BY_EVENTS
    return Counted(Usage(input=tokens, output=output), "estimate", f"{method}; {how}")


def tokens_of(body: Fields, *, dialect: str | None = None, model: str | None = None) -> Fields:
    """About how many input tokens a request is, for `/tokens`.

    `dialect` where the path tells it; else it is told by the body's shape. `model` where the body does not
    name it. Raises `UsageError` where nobody can tell the dialect, `ProtocolError` for a body that is not
    of it.
    """
    name = _dialect(body, dialect)
    asked = _must_read(name, body, model)
    tokens, method = _input(asked, body)
    return {
        "estimate": True,
        "method": method,
        "dialect": name,
        "model": asked.model or model,
        "input_tokens": tokens,
    }


def cost_of(
    body: Fields,
    *,
    dialect: str | None = None,
    model: str | None = None,
    output_tokens: int | None = None,
    base_url: str = "",
    prices: Mapping[str, Price] | None = None,
) -> Fields:
    """About what a request will cost, for `/cost`; raises as `tokens_of` does.

    `output_tokens`: as many as expected; else as many as the request allows; else the input alone has a
    price. A body that is a reply, and counts its usage, is priced by that: then nothing is estimated.
    """
    counted = usage_in(body)
    if counted is not None and "messages" not in body:
        return _counted(body, counted, dialect, model, base_url, prices)
    told = tokens_of(body, dialect=dialect, model=model)
    asked = _must_read(text(told["dialect"]), body, model)
    most = output_tokens if output_tokens is not None else asked.options.max_output_tokens
    tokens = told["input_tokens"]
    usage = Usage(input=tokens if isinstance(tokens, int) else 0, output=0)
    call = _call(text(told["dialect"]), asked.model or model, base_url, usage)
    first = priced(call, prices)
    whole = None if most is None else priced(replace(call, usage=replace(usage, output=most)), prices)
    return {
        **told,
        "output_tokens": most,
        "output_tokens_are": _whence(output_tokens, most),
        "input_usd": _usd(first),
        "usd": None if whole is None else _usd(whole),
        "source": first.source or None,
        "reason": first.reason or None,
    }


def _whence(given: int | None, most: int | None) -> str:
    if given is not None:
        return "as given"
    return "unknown: the request sets no limit" if most is None else "the most that the request allows"


def _counted(
    body: Fields,
    usage: Usage,
    dialect: str | None,
    model: str | None,
    base_url: str,
    prices: Mapping[str, Price] | None,
) -> Fields:
    from tokentape.protocols.replies import dialect_in

    name = dialect or dialect_in(body) or "http"
    asked = model or model_in(body)
    cost = priced(_call(name, asked, base_url, usage), None if usage.charged is not None else prices)
    return {
        "estimate": False,
        "method": "counted by the reply",
        "dialect": name,
        "model": asked,
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "usd": _usd(cost),
        "source": cost.source or None,
        "reason": cost.reason or None,
    }


def _call(dialect: str, model: str | None, base_url: str, usage: Usage) -> Call:
    return Call(
        site=base_url,
        dialect=dialect,
        kind=Kind.GENERATE,
        asked=model,
        answered=usage.model,
        usage=replace(usage, billed=None, raw={}),
        billed=usage.billed,
        tier=usage.tier,
        charged=usage.charged,
    )


def _dialect(body: Fields, dialect: str | None) -> str:
    name = dialect or dialect_of_request(body)
    if name is None:
        raise UsageError("the body does not tell its dialect; post it to the path of its API, or name it")
    return codec_of(name).dialect


def _must_read(dialect: str, body: Fields, model: str | None) -> Conversation:
    """The request; a body without the model that its path would name gets `model`."""
    return read_request(body, Source(dialect, model))


def _read(dialect: str, body: Fields, model: str | None) -> Conversation | None:
    """The same, for bodies that were sent already: what cannot be read is estimated by its bytes."""
    try:
        return _must_read(dialect, body, model)
    except (UsageError, ProtocolError):
        return None


def _input(asked: Conversation | None, body: Fields) -> tuple[int, str]:
    if asked is None:
        return round(len(dumped(body)) / 4), BY_BYTES
    return estimate(asked).tokens, BY_TEXT


def _usd(cost: Cost) -> float | None:
    return None if cost.usd is None else float(cost.usd.quantize(Decimal("1e-12")))
