"""One recorded call as it is evaluated: what was asked, what came, what it cost, and whether it can be used.

Everything is read from the recording when it is asked for, and once. Nothing here raises over what a
recording holds: what cannot be read says so in words.
"""

from __future__ import annotations

import json
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError
from tokentape.metering.call import call_of, duration
from tokentape.metering.cost import cost_of
from tokentape.metering.providers import names_of, provider_of
from tokentape.metering.snapshot import prices
from tokentape.protocols.canonical.failure import Failure, FailureKind, broken_off
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.reply import Reply
from tokentape.protocols.canonical.semantic import key_and_links
from tokentape.protocols.codec import Source
from tokentape.protocols.dialect import Kind
from tokentape.protocols.registry import json_of, recognise, stream_of
from tokentape.protocols.streaming import EventReader
from tokentape.protocols.translation import read_request
from tokentape.wire.body import decoded_body
from tokentape.wire.interaction import CALLER_STOPPED
from tokentape.wire.url import host_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from tokentape.metering.call import Call
    from tokentape.metering.cost import Cost
    from tokentape.metering.price import Price
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.registry import Recognised
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Interaction, Json
    from tokentape.wire.message import Headers, Response

BOOKKEEPING = frozenset({"user", "metadata", "store", "cache_key", "cache_retention", "service_tier"})
"""Options that change no answer."""


class Row:
    """One recorded call. `cassette` and `id` say where it is.

    `cluster` names the conversation that its turn belongs to, and `times` says for how many recordings of the
    same call it stands: both are known once the whole corpus was looked at (`grouping`).
    """

    def __init__(
        self,
        interaction: Interaction,
        cassette: str,
        *,
        cluster: str = "",
        times: int = 1,
        prices: Mapping[str, Price] | None = None,
    ) -> None:
        self.interaction = interaction
        self.cassette = cassette
        self.prices = prices
        self.cluster = cluster
        self.times = times

    def __repr__(self) -> str:
        return f"Row({self.cassette!r}, {self.id!r})"

    @property
    def id(self) -> str:
        """The id of the interaction in its cassette."""
        return self.interaction.id

    @property
    def headers(self) -> Headers:
        """The header fields of the request."""
        return self.interaction.request.headers

    @property
    def metadata(self) -> Mapping[str, Json]:
        """What was said of it when it was recorded, and by `tokentape annotate`."""
        return self.interaction.metadata

    @property
    def handle(self) -> bytes:
        """A digest by which a second look at the corpus finds it again."""
        return _digest(self.cassette, self.id, self.interaction.timing.at)

    @cached_property
    def found(self) -> Recognised:
        """What the request is."""
        return recognise(self.interaction.request)

    @property
    def dialect(self) -> str:
        """The API that was spoken (`openai.chat`)."""
        return self.found.operation.dialect

    @property
    def operation(self) -> str:
        """The API and what was asked of it (`openai.chat/create`)."""
        return self.found.operation.full_name

    @property
    def model(self) -> str | None:
        """The model as the program calls it."""
        return self.found.operation.model

    @property
    def is_conversation(self) -> bool:
        """True for a call that asks a model for an answer, in a dialect that can be translated."""
        dialect = self.found.dialect
        return (
            self.found.operation.kind is Kind.GENERATE and dialect is not None and dialect.codec is not None
        )

    @cached_property
    def source(self) -> Source:
        """Whose the request and the reply are, for readers."""
        operation = self.found.operation
        return Source(operation.dialect, operation.model, operation.stream)

    @property
    def conversation(self) -> Conversation | None:
        """What was asked; None where it cannot be read, and `why_not` says why."""
        return None if isinstance(self._asked, str) else self._asked

    @cached_property
    def _asked(self) -> Conversation | str:
        if not self.is_conversation:
            return f"{self.operation} is no conversation"
        if not isinstance(self.found.body, dict):
            return "the request is no JSON object"
        try:
            return read_request(self.found.body, self.source)
        except ProtocolError as error:
            return f"the request cannot be read: {error}"

    @property
    def reply(self) -> Reply | None:
        """What came, also if it is not whole; None where nothing can be read."""
        return None if isinstance(self._answered, str) else self._answered

    @cached_property
    def _answered(self) -> Reply | str:
        response = self.interaction.response
        if response is None:
            return f"no reply came ({_how(self.interaction)})"
        if response.status >= 400:
            return f"the reply is an error (status {response.status})"
        if not self.is_conversation:
            return f"{self.operation} is no conversation"
        try:
            reply = self._read(response)
        except ProtocolError as error:
            return f"the reply cannot be read: {error}"
        return "the reply holds no answer" if isinstance(reply, Reply) and reply.is_nothing else reply

    def _read(self, response: Response) -> Reply | str:
        if stream_of(self.found.operation, response) is not None:
            reader = EventReader(self.source)
            return fold([*reader.feed(decoded_body(response) or b""), *reader.end()])
        body, dialect = json_of(response), self.found.dialect
        if not isinstance(body, dict) or dialect is None or dialect.codec is None:
            return "the reply is no JSON object"
        return dialect.codec().read_reply(body, self.source)

    @cached_property
    def failure(self) -> Failure | None:
        """The error that the provider told, with a status of its own or inside its reply."""
        response, reply = self.interaction.response, self.reply
        if reply is not None:
            return reply.failure or broken_off(reply.stop)
        if response is None or response.status < 400:
            return None
        dialect = self.found.dialect
        if dialect is None or dialect.codec is None:
            return Failure(FailureKind.SERVER, "", response.status)
        return dialect.codec().read_failure(response.status, json_of(response))

    @property
    def is_whole(self) -> bool:
        """True if the whole answer is there: neither cut nor an error."""
        return not self._why_no_answer

    @cached_property
    def why_not(self) -> str:
        """Why the row cannot be used, in words; "" where it can."""
        return self._asked if isinstance(self._asked, str) else self._why_no_answer

    @cached_property
    def _why_no_answer(self) -> str:
        reply = self._answered
        if isinstance(reply, str):
            return reply
        if self.failure is not None:
            return f"the reply tells an error ({self.failure.kind})"
        if not self.interaction.ended.whole or not reply.complete:
            stopped = self.interaction.ended.how in CALLER_STOPPED
            return (
                "the caller stopped reading" if stopped else f"the reply was cut ({_how(self.interaction)})"
            )
        return ""

    @cached_property
    def _digests(self) -> tuple[str, list[bytes]]:
        return ("", []) if self.conversation is None else key_and_links(self.conversation)

    @property
    def key(self) -> str:
        """The semantic key: equal for the same prompt in any dialect; "" where it cannot be read."""
        return self._digests[0]

    @property
    def links(self) -> list[bytes]:
        """A digest of the history up to the end of each turn (`semantic.key_and_links`)."""
        return self._digests[1]

    @cached_property
    def same(self) -> bytes:
        """A digest of prompt, model and parameters: equal for calls that are the same call.

        It does not count whether the answer was streamed, and what is for the provider's books.
        """
        asked = self.conversation
        return self.handle if asked is None else same_of(asked, self.key, self.model)

    @cached_property
    def call(self) -> Call:
        """What the recording says about its price."""
        return call_of(self.interaction, self.found)

    @property
    def usage(self) -> Usage | None:
        """Tokens by kind; None where the reply does not say, and for one that was cut."""
        return self.call.usage

    @cached_property
    def price(self) -> Cost:
        """What the call costs by one's own prices (`prices`), else those of today, with the source, or the
        reason why nobody knows.
        """
        return cost_of(self.call, self.prices)

    @property
    def cost(self) -> Decimal | None:
        """US dollars; None where no rate is known."""
        return self.price.usd

    @cached_property
    def provider(self) -> str:
        """Who answered, by the name in the price list; the host where it is not there."""
        call = self.call
        found = provider_of(prices(), call.site, call.dialect, names_of(None, call.asked, call.answered))
        return found or host_of(self.interaction.request.url)

    @property
    def seconds(self) -> float | None:
        """From the start of the call to the last piece of its reply; None where it was not timed."""
        return None if self.interaction.timing.head_ms is None else duration(self.interaction) / 1000

    @property
    def first(self) -> float | None:
        """Seconds to the first chunk; None where it was not timed, or nothing came."""
        timing = self.interaction.timing
        if timing.head_ms is None or not timing.chunk_ms:
            return None
        return (timing.head_ms + timing.chunk_ms[0]) / 1000


def same_of(asked: Conversation, key: str, model: str | None) -> bytes:
    """A digest of a question of that key, with its parameters; without a model, of what any is asked."""
    rest = asked.origin.rest if asked.origin else {}
    options = {
        name: value
        for name in asked.options.__dataclass_fields__
        if name not in BOOKKEEPING and (value := getattr(asked.options, name)) is not None
    }
    asking = (asked.tool_choice, asked.output, asked.thinking, asked.continuation)
    return _digest(key, model or "", _shown(asking), _shown(options), _written(rest))


def _how(interaction: Interaction) -> str:
    """How the call ended; at the end of the file, before the dialect's own end."""
    how = interaction.ended.how.value
    return "before its end" if how == "eof" else how.replace("_", " ")


def _shown(value: object) -> str:
    try:
        return repr(value)
    except RecursionError:
        return "deep"


def _written(value: Mapping[str, Json]) -> str:
    try:
        return json.dumps(value, sort_keys=True)
    except (RecursionError, ValueError):
        return ",".join(sorted(value))


def _digest(*texts: str) -> bytes:
    return blake2b("\0".join(texts).encode("utf-8", "surrogatepass"), digest_size=16).digest()
