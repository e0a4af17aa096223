"""From tables to what the parts of the gateway take."""

import dataclasses
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TypeVar, cast

from tokentape import settings
from tokentape.cassettes.mode import RecordMode
from tokentape.errors import UsageError
from tokentape.gateway.agents import agent_named, with_agent
from tokentape.gateway.config.document import Document
from tokentape.gateway.config.later import LaterSender
from tokentape.gateway.config.policy import CoolingTable, PoolsTable, PriceTable
from tokentape.gateway.config.reading import ConfigError, Read
from tokentape.gateway.config.router_of import classes_of, policies_of, policy_of, router_of
from tokentape.gateway.config.secrets import Secrets
from tokentape.gateway.config.settled import Config, Serving
from tokentape.gateway.config.tables import NO_VERIFY, RecordTable
from tokentape.gateway.config.upstream_of import caps_of, upstream_of
from tokentape.gateway.config.wording import dotted
from tokentape.gateway.conversations.memory import TrackerOptions
from tokentape.gateway.fields.memory import FieldMemory, FieldOptions
from tokentape.gateway.fields.rule import FieldRule
from tokentape.gateway.lasting import Lasting
from tokentape.gateway.responses.options import StateOptions
from tokentape.gateway.safety import Gate, SafetyOptions
from tokentape.gateway.table import Table
from tokentape.gateway.tapes import RecordOptions
from tokentape.gateway.telemetry.spans import TelemetryOptions
from tokentape.gateway.trace.options import TraceOptions
from tokentape.gateway.usage.options import UsageOptions
from tokentape.metering.price import Price
from tokentape.options import OptionArgs, Options, redactor_of
from tokentape.upstreams.auth.kinds import Surroundings
from tokentape.upstreams.destinations import Destinations, FetchOptions
from tokentape.upstreams.pools.options import Cooling, PoolOptions
from tokentape.upstreams.upstream import Upstream

SHARED_STATE = "sqlite:.tokentape/responses.db"
"""Where responses are kept that several workers share."""


Made = TypeVar("Made")


def build(read: Read, variable: Callable[[str], str | None] = settings.variable) -> Config:
    """The configuration. Raises `ConfigError` with everything that is wrong, secrets that are not there
    included.
    """
    document = read.document
    secrets = Secrets(variable, read.folder)
    problems = list(read.problems)
    sender = LaterSender()
    upstreams = _upstreams(document, secrets, Surroundings(sender), problems)
    safety = _safety(document, secrets, problems)
    record = _checked("record", lambda: record_of(document.record), problems)
    fields = tuple(each.rule() for each in document.field_rules)
    options = _field_options(document)
    _checked("field_rules", lambda: FieldMemory(fields, clock=time.monotonic, options=options), problems)
    fetch = FetchOptions(**document.fetch.model_dump())
    _checked("fetch", lambda: Destinations.of(fetch), problems)
    problems += secrets.problems
    if problems or record is None:
        raise ConfigError(read.path, problems)
    policy = document.policy
    return Config(
        document,
        router_of(document, upstreams) if document.upstreams else Table(),
        sender,
        path=read.path,
        serving=_serving(document),
        lasting=_lasting(document, record, fields, fetch),
        safety=safety,
        policy=policy_of(document),
        policies=policies_of(document),
        strict=policy.losses == "strict",
        heartbeat=policy.heartbeat or None,
        classes=classes_of(document),
        warnings=tuple(secrets.warnings),
        files=tuple(secrets.files),
    )


def _serving(document: Document) -> Serving:
    return Serving(**{each.name: getattr(document.server, each.name) for each in dataclasses.fields(Serving)})


def _lasting(
    document: Document, record: RecordOptions, fields: tuple[FieldRule, ...], fetch: FetchOptions
) -> Lasting:
    return Lasting(
        record=record,
        trace=TraceOptions(**{**document.trace.model_dump(), "directory": document.trace.directory or None}),
        usage=UsageOptions(
            **{**document.usage.model_dump(), "directory": document.usage.directory or None},
            prices={name: price_of(table) for name, table in document.prices.items()},
        ),
        pools=pools_of(document),
        state=state_of(document),
        tracker=TrackerOptions(**document.conversations.model_dump()),
        fields=fields,
        field_options=_field_options(document),
        fetch=fetch,
        telemetry=TelemetryOptions(**document.telemetry.model_dump()),
    )


def _field_options(document: Document) -> FieldOptions:
    table = document.fields
    return FieldOptions(table.entries, table.bytes, frozenset(table.off), frozenset(table.passed))


def _checked(place: str, made: Callable[[], Made], problems: list[str]) -> Made | None:
    try:
        return made()
    except UsageError as error:
        problems.append(f"{place}: {error}")
        return None


def _upstreams(
    document: Document, secrets: Secrets, around: Surroundings, problems: list[str]
) -> list[Upstream]:
    """Those that can be made; the others are told only if nothing was said about them already."""
    made = []
    for name, table in document.upstreams.items():
        place = dotted(("upstreams", name))
        told = [problem for problem in problems if problem.startswith((f"{place}.", f"{place}:"))]
        make = partial(upstream_of, name, table, secrets, around)
        one = _checked(place, make, [] if told else problems)
        if one is not None:
            made.append(one)
    return made


def _safety(document: Document, secrets: Secrets, problems: list[str]) -> SafetyOptions:
    server = document.server
    keys = []
    for number, client in enumerate(server.keys):
        secret = secrets.read(client.key, f"server.keys[{number}]")
        if secret is not None:
            keys.append((client.name, secret))
    salt = secrets.read(server.salt, "server.salt") if server.salt is not None else None
    options = SafetyOptions(
        host=server.host,
        keys=tuple(keys),
        allowed_hosts=server.hosts,
        allowed_origins=server.origins,
        body_limit=server.body_limit,
        body_seconds=server.body_seconds or None,
        header_limit=server.header_limit,
        header_count=server.header_count,
        salt=salt.reveal().encode() if salt is not None else None,
    )
    if len(keys) == len(server.keys):
        _checked("server", lambda: Gate(options), problems)
    return options


def record_of(table: RecordTable) -> RecordOptions:
    """Where calls are recorded. Raises `UsageError` for what the options of a cassette do not take."""
    given = {name: getattr(table, name) for name in _OPTIONS if getattr(table, name) != _UNSET.get(name)}
    options = Options.of(cast("OptionArgs", given))
    redactor_of(options)
    record = RecordOptions(
        root=table.root,
        cassette=table.cassette or None,
        mode=mode_of(table.mode),
        idle=table.idle,
        is_off=not table.enabled,
        options=options,
    )
    for name in table.agents:
        record = with_agent(record, agent_named(name))
    return record


_OPTIONS = (
    "match_on", "ignore", "volatile", "record", "hosts", "repeat", "synthesize", "redact", "filter_headers",
    "filter_query", "filter_json", "metadata", "errors", "max_age", "on_expired", "pace",
)  # fmt: skip
_UNSET = {name: RecordTable.model_fields[name].get_default(call_default_factory=True) for name in _OPTIONS}


def mode_of(said: str | None) -> str:
    """The record mode: as everywhere, but a gateway that nobody tells records what is new."""
    choice = settings.resolve_mode(said)
    if choice.mode is RecordMode.VERIFY:
        raise UsageError(f"{choice.source}: {NO_VERIFY}")
    return "new_episodes" if choice.source == "default" else choice.mode.value


def state_of(document: Document) -> StateOptions:
    """How responses are kept: several workers share a file unless something else is said."""
    said = document.responses
    usual = SHARED_STATE if document.server.workers > 1 else "memory"
    return StateOptions(**{**said.model_dump(), "store": said.store or usual})


def pools_of(document: Document) -> PoolOptions:
    """How keys are chosen."""
    table = document.policy.pools
    plain = {name: getattr(table, name) for name in PoolsTable.model_fields if name not in _COOLING}
    return PoolOptions(
        **plain,
        key=_cooling(table.key),
        model=_cooling(table.model),
        upstream=_cooling(table.upstream),
        caps={name: caps_of(each) for name, each in document.upstreams.items() if each.caps},
    )


_COOLING = frozenset({"key", "model", "upstream"})


def _cooling(table: CoolingTable) -> Cooling:
    return Cooling(table.threshold, table.window, table.base, table.most)


_APART = frozenset({"unit", "searches", "requests"})


def price_of(table: PriceTable) -> Price:
    """A price for a million tokens."""
    factor = 1000 if table.unit == "1K" else 1
    rates: dict[str, Decimal] = {}
    for name in PriceTable.model_fields:
        value = getattr(table, name)
        if value is not None and name != "unit":
            rates[name] = Decimal(str(value)) * (1 if name in _APART else factor)
    return Price(**rates)  # type: ignore[arg-type]
