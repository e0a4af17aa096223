"""The options of a cassette in force: their names, defaults, allowed values, and where defaults come from.

An option given in code wins over `[tool.tokentape]`, which wins over the default here; the record mode
has its own precedence (`settings.resolve_mode`).
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypedDict, cast

from tokentape.allowed import Allowed
from tokentape.cassettes.mode import RecordMode
from tokentape.errors import UsageError
from tokentape.matching.fields import MatchOn
from tokentape.predicates import DefaultPredicates, Predicates
from tokentape.settings import project
from tokentape.wire.redact.redactor import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokentape.wire.interaction import Interaction, Json

    Hook = Callable[[Interaction], Interaction | None]

CHOICES: dict[str, tuple[str, ...]] = {
    "repeat": ("error", "last", "cycle"),
    "errors": ("record", "warn", "refuse"),
    "on_expired": ("warn", "fail", "record"),
    "on_miss": ("answer", "abort"),
    "on_drift": ("fail", "warn"),
    "pace": ("fast", "recorded"),
}


class OptionArgs(TypedDict, total=False):
    """The keyword arguments of `use_cassette`, `install` and `client`; `Options` says what each does."""

    mode: str | RecordMode | None
    match_on: str | Sequence[str] | MatchOn | None
    ignore: Sequence[str]
    volatile: Sequence[str]
    record: str | Predicates
    hosts: Sequence[str]
    allow_hosts: Sequence[str]
    repeat: str
    synthesize: bool
    redact: Sequence[str]
    filter_headers: Sequence[str]
    filter_query: Sequence[str]
    filter_json: Sequence[str]
    before_record: Hook | Sequence[Hook]
    metadata: Mapping[str, Json]
    errors: str
    max_age: str | float | timedelta | None
    on_expired: str
    compare: str | None
    on_drift: str
    pace: str
    on_miss: str
    name: str | None
    command: str | None


@dataclass(frozen=True, slots=True)
class Options:
    """What a cassette does beyond its record mode.

    `match_on`, `ignore`, `volatile`  what makes two requests the same call (see `MatchOn`)
    `record`          "all" traffic, "llm" calls only, or a `Predicates`; `hosts` adds hosts to "llm"
    `allow_hosts`     hosts that may be reached in mode `none`, where nothing else goes out
    `repeat`          when the recordings of a call are used up: "error" (a miss), "last", "cycle"
    `synthesize`      True: a whole reply may serve a call that streams, and a stream one that does not
    `redact`          regular expressions of further secrets; `filter_headers`, `filter_query`,
                      `filter_json` name further fields to redact
    `before_record`   hooks that see each redacted interaction last: return it, a changed copy, or None to
                      keep it out; called for the request alone (no response) when looking one up
    `metadata`        kept on each recorded interaction
    `errors`          replies with status 400 and up, while recording: "record", "warn", "refuse"
    `max_age`         seconds, a timedelta, or "30d", "12h"; `on_expired`: "warn", "fail", "record" again
    `compare`         in mode `verify`: comparators that live replies have to pass ("json:city,toolcalls");
                      `on_drift`: one that does not is to "fail" the block, or to "warn"
    `pace`            "fast", or "recorded": replay chunks at the times they came
    `on_miss`         "answer" with an error reply and raise at the end of the block, or "abort" at once
    `name`            the cassette's name in a store; `command`: what the miss explanation tells to run, with
                      the record mode that fits in place of "{mode}"
    """

    mode: str | RecordMode | None = None
    match_on: MatchOn = field(default_factory=MatchOn)
    record: str | Predicates = "all"
    hosts: tuple[str, ...] = ()
    allow_hosts: tuple[str, ...] = ()
    repeat: str = "error"
    synthesize: bool = False
    redact: tuple[str, ...] = ()
    filter_headers: tuple[str, ...] = ()
    filter_query: tuple[str, ...] = ()
    filter_json: tuple[str, ...] = ()
    before_record: tuple[Hook, ...] = ()
    metadata: Mapping[str, Json] = field(default_factory=dict)
    errors: str = "warn"
    max_age: timedelta | None = None
    on_expired: str = "warn"
    compare: str | None = None
    on_drift: str = "fail"
    pace: str = "fast"
    on_miss: str = "answer"
    name: str | None = None
    command: str | None = None

    @classmethod
    def of(cls, args: OptionArgs, **defaults: object) -> Options:
        """Options from arguments over the project's settings over `defaults`.

        Raises `UsageError` naming the option, the value and what is allowed.
        """
        given: dict[str, object] = {**defaults, **_project_options(), **args}
        _check_names(given)
        matching: dict[str, object] = {
            name: given.pop(name) for name in ("match_on", "ignore", "volatile") if name in given
        }
        options = cls(**{name: _checked(name, value) for name, value in given.items()})  # type: ignore[arg-type]
        return replace(options, match_on=_match_on(matching))

    @property
    def predicates(self) -> Predicates | None:
        """Which calls are captured; None means all."""
        if isinstance(self.record, Predicates):
            return self.record
        return DefaultPredicates(hosts=self.hosts) if self.record == "llm" else None


def redactor_of(options: Options) -> Redactor:
    """The redactor that the options describe. Raises `UsageError` for a bad pattern."""
    return Redactor(
        headers=options.filter_headers,
        query=options.filter_query,
        json=options.filter_json,
        patterns=options.redact,
    )


def _project_options() -> dict[str, object]:
    options = dict(project().options)
    options.pop("mode", None)
    options.pop("cassette_dir", None)
    options.pop("snapshot_dir", None)
    options.pop("block_network", None)
    return options


_NAMES = {f.name for f in fields(Options)} | {"ignore", "volatile"}


def _check_names(given: dict[str, object]) -> None:
    for name in given:
        if name not in _NAMES:
            close = difflib.get_close_matches(name, _NAMES, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(sorted(_NAMES))}"
            raise UsageError(f"unknown option {name!r}; {hint}")


def _checked(name: str, value: object) -> object:
    if name in CHOICES and not (isinstance(value, str) and value in CHOICES[name]):
        allowed = ", ".join(CHOICES[name])
        raise UsageError(f"{name}={value!r} is not known; use one of {allowed}")
    if name == "mode" and not (value is None or isinstance(value, str)):
        raise UsageError(f"mode={value!r}: give a record mode as a text; use one of {', '.join(RecordMode)}")
    if name == "synthesize" and not isinstance(value, bool):
        raise UsageError(f"synthesize={value!r} is not known; use True or False")
    if name == "record" and not isinstance(value, Predicates) and value not in ("all", "llm"):
        raise UsageError(f"record={value!r} is not known; use 'all', 'llm' or a tokentape.Predicates")
    if name == "allow_hosts":
        return _allow_hosts(value)
    if name in ("hosts", "redact", "filter_headers", "filter_query", "filter_json"):
        return _texts(name, value)
    if name == "before_record":
        return _hooks(value)
    if name == "metadata":
        return _metadata(value)
    if name in ("name", "command", "compare"):
        return _text(name, value)
    return _max_age(value) if name == "max_age" else value


def _text(name: str, value: object) -> str | None:
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise UsageError(f"{name}={value!r}: give a text that is not empty, or leave it out")
    return value


def _texts(name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    try:
        texts = tuple(cast("Sequence[str]", value))
    except TypeError:
        texts = (cast("str", value),)
    if not all(isinstance(text, str) for text in texts):
        raise UsageError(f"{name}={value!r}: give a text or a list of texts")
    return texts


def _allow_hosts(value: object) -> tuple[str, ...]:
    hosts = _texts("allow_hosts", value)
    Allowed(hosts)
    return hosts


def _hooks(value: object) -> tuple[Hook, ...]:
    hooks = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    for hook in hooks:
        if not callable(hook):
            raise UsageError(f"before_record={hook!r}: give a function of one interaction")
    return cast("tuple[Hook, ...]", hooks)


def _metadata(value: object) -> dict[str, Json]:
    """A copy, so that what is kept does not change under a recording."""
    try:
        if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
            raise TypeError
        text = json.dumps(dict(value), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise UsageError(
            f"metadata={value!r}: give a mapping of names (texts) to JSON values, such as "
            '{"category": "billing"}'
        ) from None
    return cast("dict[str, Json]", json.loads(text))


def _match_on(given: dict[str, object]) -> MatchOn:
    wanted = given.get("match_on")
    if not (wanted is None or isinstance(wanted, (str, MatchOn))):
        wanted = _texts("match_on", wanted)
    base = MatchOn.of(wanted)
    ignore = _texts("ignore", given.get("ignore", ()))
    volatile = _texts("volatile", given.get("volatile", ()))
    return replace(base, ignore=base.ignore + ignore, volatile=base.volatile + volatile)


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def _max_age(value: object) -> timedelta | None:
    if value is None:
        return None
    try:
        age = _span(value)
    except (OverflowError, ValueError):
        age = None
    if age is None or age < timedelta(0):
        raise UsageError(f"max_age={value!r} is not a time; use a timedelta, seconds, or a text like '30d'")
    return age


def _span(value: object) -> timedelta | None:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return timedelta(seconds=value)
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*", value) if isinstance(value, str) else None
    return timedelta(seconds=float(match[1]) * _UNITS[match[2]]) if match else None
