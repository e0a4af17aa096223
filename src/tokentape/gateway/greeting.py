"""What a gateway says when it starts: where calls go, where they are recorded, what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.cassettes.stores.registry import has_scheme

if TYPE_CHECKING:
    from tokentape.gateway.config.settled import Config

_MOST_NAMED = 4
_DOES = {
    "none": "replays {place}; a call that is not there is refused, and nothing goes upstream",
    "new_episodes": "replays {place}, and records there what is new",
    "once": "records {place}; where it is there, replays it and refuses what is new",
    "refresh": "replays {place}, records there what is new, and drops what nobody asked",
    "all": "records {place} anew",
    "off": "records nothing, and replays nothing",
}


def greeting(config: Config, url: str, *, demo: bool = False) -> list[str]:
    """Lines to print under the address."""
    record = config.lasting.record
    is_offline = not record.is_off and record.mode == "none" and record.cassette is not None
    asking = [] if is_offline else [_asking(config, demo=demo)]
    return [_recording(config), *asking, *_next(url)]


def _recording(config: Config) -> str:
    record = config.lasting.record
    if record.is_off:
        return "records nothing, and replays nothing"
    if record.cassette is None:
        return f"records calls that name a cassette, in {record.root} (mode {record.mode})"
    is_store = has_scheme(record.root)
    place = f"{record.root}#{record.cassette}" if is_store else f"{record.root}/{record.cassette}.json"
    return f"{_DOES[record.mode].format(place=place)} (mode {record.mode})"


def _asking(config: Config, *, demo: bool) -> str:
    if demo:
        return "asks a bundled provider, which needs no key"
    names = list(config.router.upstreams)
    if not names:
        return "asks the provider whose API a call speaks, with the client's own key"
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"asks {', '.join(names[:_MOST_NAMED])}{more}"


def _next(url: str) -> list[str]:
    return [
        f"point clients here: OPENAI_BASE_URL={url}/v1, ANTHROPIC_BASE_URL={url}",
        f"what became of a call: tokentape trace; all pages: {url}/openapi.json; to end it: Ctrl-C",
    ]
