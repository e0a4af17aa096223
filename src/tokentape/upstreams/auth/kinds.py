"""The ways to authenticate by name, as a configuration names them, and their options."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.upstreams.auth.aws import AwsSignature
from tokentape.upstreams.auth.azure import AUTHORITY, MACHINE, RESOURCE, AzureApplication, AzureIdentity
from tokentape.upstreams.auth.bearer_token import BearerToken
from tokentape.upstreams.auth.command import TokenCommand
from tokentape.upstreams.auth.google import SCOPE, GoogleTokens, account_at, account_in
from tokentape.upstreams.auth.header import HeaderKey
from tokentape.upstreams.auth.nothing import NoAuth
from tokentape.upstreams.auth.passing import ClientKey
from tokentape.upstreams.auth.query import QueryKey
from tokentape.upstreams.auth.token_server import safe_url
from tokentape.upstreams.auth.tokens import Tokens
from tokentape.upstreams.upstream import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokentape.upstreams.sending import Sender
    from tokentape.upstreams.upstream import Auth
    from tokentape.wire.interaction import Json


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What ways to authenticate need from outside: who sends their requests (None: a client that is opened
    for each, and closed), the time of day in seconds since 1970, and the environment.
    """

    sender: Sender | None = None
    clock: Callable[[], float] = time.time
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)


class _Options:
    """The options of one way. Each is asked for once; what nobody asked for is unknown."""

    def __init__(self, kind: str, given: Mapping[str, Json]) -> None:
        self._kind, self._given = kind, given
        self._known: set[str] = set()

    def text(self, name: str) -> str | None:
        """An option that is a text; None where it is not set."""
        self._known.add(name)
        value = self._given.get(name)
        if value is not None and (not isinstance(value, str) or not value):
            raise UsageError(f"auth option {name}: {value!r} is no text")
        return value

    def required(self, name: str, fallback: str | None, variable: str | None = None) -> str:
        """One that must be set, or be known from elsewhere."""
        value = self.text(name) or fallback
        if value is None:
            instead = f", or the variable {variable}" if variable else ""
            raise UsageError(f"auth option {name} is missing: {self._kind} wants it{instead}")
        return value

    def seconds(self, name: str, usual: float) -> float:
        """One that is a time."""
        self._known.add(name)
        value = self._given.get(name, usual)
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise UsageError(f"auth option {name}: {value!r} is no number of seconds")
        return float(value)

    def words(self, name: str) -> tuple[str, ...]:
        """One that is a list of texts, and must be set."""
        self._known.add(name)
        value = self._given.get(name)
        if not isinstance(value, list) or not value or not all(isinstance(word, str) for word in value):
            raise UsageError(f"auth option {name}: {value!r} is no list of words, as ['gcloud', 'auth', ...]")
        return tuple(str(word) for word in value)

    def done(self) -> None:
        """Raises `UsageError` for what nobody asked for."""
        unknown = sorted(set(self._given) - self._known)
        if unknown:
            known = f"it has {', '.join(sorted(self._known))}" if self._known else "it has none"
            raise UsageError(f"auth option {unknown[0]}: {self._kind} has no such option; {known}")


def auth_of(kind: str, options: Mapping[str, Json], around: Surroundings | None = None) -> Auth:
    """The way of that name. Raises `UsageError` that names the option that is wrong."""
    around = around or Surroundings()
    make = KINDS.get(kind)
    if make is None:
        raise UsageError(f"auth: no way {kind!r} is known; known are {', '.join(KINDS)}")
    read = _Options(kind, options)
    auth = make(read, around)
    read.done()
    return auth


def _header(options: _Options, _: Surroundings) -> Auth:
    return HeaderKey(options.required("header", None), options.text("prefix") or "")


def _aws(options: _Options, around: Surroundings) -> Auth:
    region, service, profile = (options.text(name) for name in ("region", "service", "profile"))
    return AwsSignature(around.clock, around.environment, region=region, service=service, profile=profile)


def _google(options: _Options, around: Surroundings) -> Auth:
    text, path = options.text("account"), options.text("file")
    account = account_in(text, "auth option account") if text else account_at(path) if path else None
    usual = around.environment.get("GOOGLE_APPLICATION_CREDENTIALS")
    scope = options.text("scope") or SCOPE
    google = GoogleTokens(around.sender, around.clock, account, usual, scope)
    return BearerToken(Tokens(google.fetch, around.clock))


def _azure(options: _Options, around: Surroundings) -> Auth:
    get = around.environment.get
    secret = options.text("client_secret") or get("AZURE_CLIENT_SECRET")
    application = AzureApplication(
        around.sender,
        options.required("tenant_id", get("AZURE_TENANT_ID"), "AZURE_TENANT_ID"),
        options.required("client_id", get("AZURE_CLIENT_ID"), "AZURE_CLIENT_ID"),
        Secret(secret) if secret else None,
        safe_url(options.text("authority") or get("AZURE_AUTHORITY_HOST") or AUTHORITY, "authority"),
        options.text("scope") or f"{RESOURCE}/.default",
    )
    return BearerToken(Tokens(application.fetch, around.clock))


def _azure_identity(options: _Options, around: Surroundings) -> Auth:
    identity = AzureIdentity(
        around.sender,
        around.environment,
        options.text("client_id"),
        safe_url(options.text("endpoint") or MACHINE, "endpoint"),
        options.text("resource") or RESOURCE,
    )
    return BearerToken(Tokens(identity.fetch, around.clock))


def _command(options: _Options, around: Surroundings) -> Auth:
    command = TokenCommand(options.words("command"), around.clock, options.seconds("timeout", 30.0))
    tokens = Tokens(command.fetch, around.clock, options.seconds("lifetime", 300.0))
    name, prefix = options.text("header"), options.text("prefix")
    return BearerToken(tokens, name or "Authorization", prefix or ("" if name else "Bearer "))


KINDS: Mapping[str, Callable[[_Options, Surroundings], Auth]] = {
    "bearer": lambda options, _: HeaderKey(),
    "optional": lambda options, _: HeaderKey(optional=True),
    "x-api-key": lambda options, _: HeaderKey("x-api-key", ""),
    "api-key": lambda options, _: HeaderKey("api-key", ""),
    "x-goog-api-key": lambda options, _: HeaderKey("x-goog-api-key", ""),
    "header": _header,
    "query": lambda options, _: QueryKey(options.text("name") or "key"),
    "aws": _aws,
    "google": _google,
    "azure": _azure,
    "azure-identity": _azure_identity,
    "command": _command,
    "client": lambda options, _: ClientKey(options.text("provider")),
    "none": lambda options, _: NoAuth(),
}
"""What a configuration may say under `auth`."""

NEED_KEYS = frozenset({"bearer", "x-api-key", "api-key", "x-goog-api-key", "header", "query"})
"""Ways that show a key, and have none of their own."""
