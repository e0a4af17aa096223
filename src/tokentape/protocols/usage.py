"""Tokens of one reply, by kind, read so that none is counted twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from tokentape.protocols.canonical.origin import NOTHING
from tokentape.protocols.charges import charged_beside
from tokentape.protocols.reading import fields, text
from tokentape.wire.quick import quick

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tokentape.wire.interaction import Json


@quick
@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one reply; None where the reply does not say, which is not the same as 0.

    `input` counts the whole prompt and `output` everything generated; all others are parts of them.
    Part of `input`: `cache_read`, `cache_write` (of which `cache_write_1h` is kept for an hour or longer),
    `audio_input`, `image_input`, `video_input`; `audio_cached` and `image_cached` are parts of these and
    of `cache_read`. Part of `output`: `reasoning`, `audio_output`, `image_output`. `searches` are web
    searches, not tokens.

    Two usages are equal if their counts are. Beside them stands what else the reply says about its price:
    `model` is the one that answered, `tier` a service tier or speed other than the usual one, `charged`
    what it cost in USD, `billed` the counts that are charged for where they are others; `raw` is the
    reply's own usage object.
    """

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    reasoning: int | None = None
    cache_write: int | None = None
    cache_write_1h: int | None = None
    audio_input: int | None = None
    audio_cached: int | None = None
    audio_output: int | None = None
    image_input: int | None = None
    image_cached: int | None = None
    image_output: int | None = None
    video_input: int | None = None
    searches: int | None = None
    model: str | None = field(default=None, compare=False)
    tier: str | None = field(default=None, compare=False)
    charged: float | None = field(default=None, compare=False)
    billed: Usage | None = field(default=None, compare=False, repr=False)
    raw: Mapping[str, Json] = field(default=NOTHING, compare=False, repr=False)

    @property
    def counts(self) -> dict[str, int | None]:
        """The counts by name, in the order above."""
        return {name: getattr(self, name) for name in COUNTS}

    def known(self) -> Usage | None:
        """Itself; None if nothing at all is counted, nor a price told."""
        return None if self.counts_nothing and self.charged is None else self

    @property
    def counts_nothing(self) -> bool:
        """True if no count is known."""
        return self.input is None and self == _UNKNOWN


class Beside(TypedDict):
    """What a reply says about its price beside the counts."""

    model: str | None
    tier: str | None
    charged: float | None


def beside(reply: Json) -> Beside:
    """The model, the tier and the cost that `reply` names, wherever dialects put them."""
    told = fields(reply)
    model = text(told.get("model")) or text(told.get("modelVersion")) or None
    return {"model": model, "tier": tier_of(told), "charged": charged_beside(told)}


COUNTS = (
    "input", "output", "cache_read", "reasoning", "cache_write", "cache_write_1h", "audio_input",
    "audio_cached", "audio_output", "image_input", "image_cached", "image_output", "video_input", "searches",
)  # fmt: skip
"""The fields that count something."""

_UNKNOWN = Usage()

USUAL = frozenset({"", "default", "standard", "auto", "on_demand", "traffic_type_unspecified"})
"""Service tiers and speeds at the usual price."""


def tier_of(reply: Json) -> str | None:
    """A service tier or speed that is not the usual one: `service_tier` of OpenAI and others beside or in
    the usage, Anthropic's `speed`, Bedrock's `serviceTier.type`, Gemini's `serviceTier`, Vertex's traffic.
    """
    told = fields(reply)
    for where, names in _TIERS:
        place = fields(told.get(where)) if where else told
        for name in names:
            if name in place:
                said = text(place[name]).lower().removeprefix("on_demand_")
                if said not in USUAL:
                    return said
    return None


_TIERS = (
    ("", ("service_tier",)),
    ("usage", ("speed", "service_tier")),
    ("serviceTier", ("type",)),
    ("usageMetadata", ("serviceTier", "trafficType")),
)
"""Where in a reply, and under which names."""


def last_counted(found: Iterable[Usage | None]) -> Usage | None:
    """The first of `found` that counts something: give a stream's from its end."""
    return next((usage for usage in found if usage is not None and not usage.counts_nothing), None)


def gathered(objects: Iterable[Json]) -> dict[str, Json]:
    """The usage objects of one stream as one: the last value that is not null wins, field by field.

    A field that a later object leaves out is as it was: absent is not zero (case 36).
    """
    found: dict[str, Json] = {}
    for each in objects:
        for name, value in fields(each).items():
            if isinstance(value, dict):
                found[name] = {**gathered([found.get(name)]), **gathered([value])}
            elif value is not None:
                found[name] = value
    return found


def plus(count: int | None, *others: int | None) -> int | None:
    """`count` with what is known of `others`; None if `count` is not known."""
    return None if count is None else count + sum(other or 0 for other in others)
