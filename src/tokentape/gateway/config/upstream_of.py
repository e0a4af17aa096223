"""From the table of an upstream to the upstream."""

from collections.abc import Mapping
from dataclasses import replace

from tokentape.errors import UsageError
from tokentape.gateway.config.secrets import Secrets
from tokentape.gateway.config.upstreams import AuthTable, KeyTable, LimitsTable, QuirksTable, UpstreamTable
from tokentape.gateway.config.values import SECRET_OPTIONS, SecretRef, secret_ref
from tokentape.gateway.config.wording import dotted
from tokentape.protocols.compatible import named_quirks
from tokentape.protocols.quirks import NO_QUIRKS, Quirks
from tokentape.upstreams.auth.kinds import NEED_KEYS, Surroundings, auth_of
from tokentape.upstreams.pools.options import Cap
from tokentape.upstreams.presets import preset, preset_named
from tokentape.upstreams.upstream import Credential, Limits, Times, Upstream, Window
from tokentape.wire.interaction import Json
from tokentape.wire.message import value_of

DAY = 86_400.0


def upstream_of(name: str, table: UpstreamTable, secrets: Secrets, around: Surroundings) -> Upstream:
    """The upstream. Raises `UsageError` for options that its preset or its auth does not take; secrets that
    cannot be had are told to `secrets`.
    """
    base = _base(name, table, around)
    _check_keys(table, secrets)
    auth = table.auth or (AuthTable(kind="client") if table.client_key else None)
    if auth is not None:
        options = _auth_options(auth, dotted(("upstreams", name, "auth")), secrets)
        base = replace(base, auth=auth_of(auth.kind, options, around))
        if auth.kind == "client":
            base = replace(base, passes_client_key=True)
    return replace(
        base,
        name=name,
        dialect=table.dialect or base.dialect,
        also=frozenset(table.also) or base.also,
        base_url=table.base_url or base.base_url,
        credentials=_credentials(name, table, secrets),
        models={**base.models, **table.models},
        quirks=_quirks(table, base.quirks),
        headers=(*base.headers, *((name, value_of(text)) for name, text in table.headers.items())),
        query=table.query if table.query is not None else base.query,
        paths={**base.paths, **table.paths},
        forced={**base.forced, **table.forced},
        dropped=base.dropped | frozenset(table.dropped),
        times=_times(table),
        selection=table.selection,
        quota_groups=tuple(map(frozenset, table.quota_groups)) or base.quota_groups,
        passes_client_key=base.passes_client_key if table.client_key is None else table.client_key,
        keeps_responses=base.keeps_responses if table.keeps_responses is None else table.keeps_responses,
        cassette=table.cassette,
    )


def _auth_options(auth: AuthTable, place: str, secrets: Secrets) -> dict[str, Json]:
    """The options with the secrets that they refer to; paths are relative to the configuration."""
    options = dict(auth.options)
    for name, value in auth.options.items():
        if name in SECRET_OPTIONS and isinstance(value, str):
            secret = secrets.read_text(secret_ref(value), f"{place}.{name}")
            options[name] = secret.reveal() if secret is not None else "-"
        elif name == "file" and isinstance(value, str):
            options[name] = secrets.path(value)
            secrets.files.append(secrets.path(value))
    return options


def _base(name: str, table: UpstreamTable, around: Surroundings) -> Upstream:
    """What the preset says, or the usual way of the dialect."""
    if table.preset is not None:
        return preset(table.preset, table.options, around)
    dialect = table.dialect or "openai.chat"
    auth = "none" if not table.keys else _USUAL.get(dialect, "bearer")
    return Upstream(name, dialect, table.base_url or "http://cassette.invalid", auth_of(auth, {}, around))


_USUAL: Mapping[str, str] = {"anthropic.messages": "x-api-key", "gemini": "x-goog-api-key"}
"""How a dialect's own servers are shown keys, where it is not as a bearer."""


def _credentials(name: str, table: UpstreamTable, secrets: Secrets) -> tuple[Credential, ...]:
    shared = _limits(table.limits)
    found = []
    for number, key in enumerate(table.keys or _usual_key(table, secrets)):
        secret = secrets.read(key.key, dotted(("upstreams", name, "keys", number)))
        limits = _limits(key) if _has_limits(key) else shared
        found.append(Credential(key.name or f"key{number + 1}", secret, key.priority, limits))
    return tuple(found) or (Credential("none", limits=shared),)


def _check_keys(table: UpstreamTable, secrets: Secrets) -> None:
    """Raises `UsageError` where a key is wanted and none is named."""
    if table.keys or table.client_key or table.cassette is not None:
        return
    known = preset_named(table.preset) if table.preset is not None else None
    kind = table.auth.kind if table.auth is not None else known.auth if known is not None else "none"
    if kind not in NEED_KEYS or _usual_key(table, secrets):
        return
    variables = known.variables if known is not None and table.auth is None else ()
    instead = f"set {' or '.join(variables)}, or " if variables else ""
    raise UsageError(f'no key is named; {instead}add keys = ["env:NAME"], or client_key = true')


def _usual_key(table: UpstreamTable, secrets: Secrets) -> tuple[KeyTable, ...]:
    """The key of a preset in its usual variable, where the table says nothing of keys."""
    if table.preset is None or table.client_key or table.auth is not None:
        return ()
    refs = [SecretRef("env", name) for name in preset_named(table.preset).variables]
    found = next((ref for ref in refs if secrets.has(ref)), None)
    return (KeyTable(key=found),) if found is not None else ()


def _has_limits(key: KeyTable) -> bool:
    return any(getattr(key, name) for name in LimitsTable.model_fields)


def _limits(table: LimitsTable) -> Limits:
    windows = [Window(each.per, each.requests, each.tokens, each.offset) for each in table.windows]
    if table.rpm is not None or table.tpm is not None:
        windows.insert(0, Window(60.0, table.rpm, table.tpm))
    if table.rpd is not None or table.tpd is not None:
        windows.append(Window(DAY, table.rpd, table.tpd, 0.0))
    return Limits(table.concurrent, tuple(windows))


def caps_of(table: UpstreamTable) -> tuple[Cap, ...]:
    """Limits of one's own."""
    return tuple(
        Cap(Window(each.per, each.requests, each.tokens, each.offset), each.key, each.model)
        for each in table.caps
    )


def _times(table: UpstreamTable) -> Times:
    times = table.timeouts
    return Times(times.connect or None, times.first_byte or None, times.stall or None, times.total or None)


def _quirks(table: UpstreamTable, base: Quirks) -> Quirks:
    """The server's, with what the table says besides: lists add to it, all else replaces. Where nothing
    differs it is `NO_QUIRKS` itself, by which the exchange knows that bytes may pass.
    """
    quirks = base if table.server is None else named_quirks(table.server)
    said = table.quirks
    plain: dict[str, object] = {
        (name.rstrip("_")): value
        for name in QuirksTable.model_fields
        if name not in _LISTS and (value := getattr(said, name)) is not None
    }
    found = replace(
        quirks,
        **plain,  # type: ignore[arg-type]
        rename=(*quirks.rename, *said.rename.items()),
        drop=quirks.drop | frozenset(said.drop),
        default=_pairs(quirks.default, said.default),
        force=_pairs(quirks.force, said.force),
        parts=quirks.parts | frozenset(said.parts),
        output=frozenset(said.output) or quirks.output,
    )
    return NO_QUIRKS if found == NO_QUIRKS else found


_LISTS = frozenset({"rename", "drop", "default", "force", "parts", "output"})


def _pairs(base: tuple[tuple[str, Json], ...], more: Mapping[str, Json]) -> tuple[tuple[str, Json], ...]:
    return tuple({**dict(base), **more}.items())
