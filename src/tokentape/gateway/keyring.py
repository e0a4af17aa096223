"""Who asks: the keys of the gateway's own, where clients show them, and what is remembered instead of a key.

A client with a key of the gateway's is known by that key's name: nothing is derived from the secret, and its
state survives a new key under the old name. Any other credential (a provider's key that is passed on) is told
apart by a hash under a salt: BLAKE2b and not scrypt, since it is computed for every call, and since what
protects a short key is that the salt is not where the hashes are. The salt is random in each process, unless
one is given so that stored state can be found again.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import TYPE_CHECKING

from tokentape.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tokentape.upstreams.upstream import Secret

OWN_HEADER = "x-tokentape-key"
"""The gateway's own key, where the usual header holds the client's provider key."""

CREDENTIAL_HEADERS = (OWN_HEADER, "authorization", "x-api-key", "api-key", "x-goog-api-key")
"""Header fields in which clients show keys."""

QUERY_KEY = "?key"
"""How `held` names the parameter `key` of the query, where Gemini's clients show theirs."""

LENGTH = 16


class Keyring:
    """The keys of the gateway, by name."""

    def __init__(self, keys: Iterable[tuple[str, Secret]], salt: bytes | None = None) -> None:
        named = [(name, secret.reveal()) for name, secret in keys]
        _check_names([name for name, _ in named])
        if any(not text for _, text in named):
            raise UsageError("a key of the gateway is empty; give it a value, or remove it")
        self._digests = [(name, _digest(text)) for name, text in named]
        self._salt = salt or os.urandom(32)

    def __bool__(self) -> bool:
        return bool(self._digests)

    def name_of(self, shown: str) -> str | None:
        """The name of the key that was shown, or None. Takes as long for any text of the same length."""
        digest, found = _digest(shown), None
        for name, known in self._digests:
            if hmac.compare_digest(digest, known):
                found = name
        return found

    def fingerprint(self, credential: str) -> str:
        """A short hash of a credential that is not the gateway's."""
        data = credential.encode("utf-8", "surrogateescape")
        return hashlib.blake2b(data, key=self._salt[:64], digest_size=LENGTH // 2).hexdigest()


def shown_credentials(headers: Mapping[str, str], query: str) -> dict[str, str]:
    """What a request shows, by header (lower case) or `QUERY_KEY`."""
    shown: dict[str, str] = {}
    for name in CREDENTIAL_HEADERS:
        value = headers.get(name)
        if value is not None and (key := _bearer(value) if name == "authorization" else value.strip()):
            shown[name] = key
    if "key=" in query and (key := _key_in(query)):
        shown[QUERY_KEY] = key
    return shown


def _bearer(value: str) -> str:
    """The token; of a signature of AWS's the name of its key, which stays the same from call to call."""
    scheme, _, token = value.strip().partition(" ")
    if scheme == "AWS4-HMAC-SHA256":
        return token.partition("Credential=")[2].partition("/")[0]
    return token.strip() if scheme.lower() == "bearer" else ""


def _key_in(query: str) -> str:
    from urllib.parse import parse_qsl

    return next((value for name, value in parse_qsl(query) if name == "key"), "")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def _check_names(names: list[str]) -> None:
    for name in names:
        if not name or name == "-" or not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
            raise UsageError(f"{name!r} cannot name a key of the gateway: use letters, digits, '-', '_', '.'")
        if names.count(name) > 1:
            raise UsageError(f"two keys of the gateway are named {name!r}; give each a name of its own")
