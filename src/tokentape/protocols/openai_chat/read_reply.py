"""A Chat completion, read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.origin import NOTHING, Origin
from tokentape.protocols.canonical.reply import Choice, Reply
from tokentape.protocols.checking import Where
from tokentape.protocols.openai_chat.failures import failure_in
from tokentape.protocols.openai_chat.likely import read_likely
from tokentape.protocols.openai_chat.options import NAME
from tokentape.protocols.openai_chat.read_message import read_assistant
from tokentape.protocols.openai_chat.stops import has_calls, read_stop
from tokentape.protocols.openai_chat.usage import usage

if TYPE_CHECKING:
    from tokentape.protocols.canonical.origin import Maker, Path
    from tokentape.protocols.codec import Source
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_HERE = Where(NAME)
_CHOICE = frozenset({"index", "message", "finish_reason", "logprobs"})


def read_reply(body: Fields, source: Source) -> Reply:
    """The reply. Raises `ProtocolError` for a body that is no chat completion."""
    try:
        return _read(body, source)
    except RecursionError:
        raise ProtocolError(NAME, "", "nested too deeply") from None


def _read(body: Fields, source: Source) -> Reply:
    model = _HERE.text_or_none(body.get("model"), "model") or None
    maker = source.maker(model)
    given = _HERE.text_or_none(body.get("id"), "id") or None
    created = time_of(body.get("created"))
    # What is told but says nothing ("", 0, null) is kept with what nobody has told us about.
    told = {"choices", *(n for n, v in (("id", given), ("model", model), ("created", created)) if v)}
    rest: Fields = {name: said for name, said in body.items() if name not in told}
    failure = failure_in(body)
    listed = body.get("choices")
    told_only_an_error = failure is not None and listed is None
    entries = [] if told_only_an_error else _HERE.entries(listed, "choices")
    if failure is not None and entries == [] and listed is not None:
        rest["choices"] = []
    choices = tuple(_choice(entry, nth, maker) for nth, entry in enumerate(entries))
    counts = usage(body)
    spelling: Fields = {}
    if counts is not None:
        if rest.get("usage"):
            del rest["usage"]
        else:
            spelling["usage"] = "x_groq"
    return Reply(
        choices,
        given,
        model,
        created,
        counts,
        failure=failure,
        origin=Origin(NAME, (), rest, spelling),
    )


def time_of(created: Json) -> int | float | None:
    """When a reply was made, if it says so: 0 does not."""
    if isinstance(created, int | float) and not isinstance(created, bool):
        return created or None
    return None


def _choice(value: Json, nth: int, maker: Maker) -> Choice:
    path: Path = ("choices", nth)
    choice = _HERE.fields(value, *path)
    message = _HERE.fields(choice.get("message"), *path, "message")
    items, turn = read_assistant(message, _HERE, (*path, "message"), maker)
    rest: Fields = {name: said for name, said in choice.items() if name not in _CHOICE}
    spelling: Fields = {}
    if "logprobs" in choice:
        items, left = read_likely(choice["logprobs"], items)
        spelling["logprobs"] = left
    index = _HERE.integer_or_none(choice.get("index"), *path, "index")
    if index is None:
        rest |= {"index": None} if "index" in choice else {}
        spelling["index"] = False
    raw = _HERE.text_or_none(choice.get("finish_reason"), *path, "finish_reason")
    stop = None
    if raw:
        met = choice.get("stop_reason")
        stop = read_stop(raw, called=has_calls(items), met=met if isinstance(met, str) else None)
    elif "finish_reason" in choice:
        spelling["finish_reason"] = raw
    else:
        spelling["finish_reason"] = False
    origin = Origin(NAME, path, rest or NOTHING, spelling, turn)
    return Choice(tuple(items), stop, nth if index is None else index, origin)
