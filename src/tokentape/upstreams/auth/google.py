"""Tokens for a service account of Google's: a signed statement of who asks is exchanged for one (RFC 7523).

The account is a JSON file with a private key, or such a file's text as the credential's secret. Signing wants
the package `cryptography`; a token command (`gcloud auth print-access-token`) does without.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.upstreams.auth.token_server import asked_for_token, posted, safe_url
from tokentape.upstreams.upstream import AuthFailed, Secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from tokentape.upstreams.auth.tokens import Token
    from tokentape.upstreams.sending import Sender
    from tokentape.wire.interaction import Json

    class Signer(Protocol):
        """Signs bytes with RS256."""

        def __call__(self, data: bytes, /) -> bytes: ...


SCOPE = "https://www.googleapis.com/auth/cloud-platform"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
HOUR = 3600


@dataclass(frozen=True, slots=True)
class Account:
    """A service account."""

    email: str
    key_id: str
    token_url: str
    key: Secret


def account_in(text: str, what: str) -> Account:
    """The account in a key file's text. Raises `UsageError`; `what` names the file."""
    try:
        fields: Json = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{what}: it is no JSON; a service account's key file is wanted") from error
    kind = fields.get("type") if isinstance(fields, dict) else None
    if not isinstance(fields, dict) or kind != "service_account":
        how = "for others use auth = 'command' with gcloud auth print-access-token"
        raise UsageError(f"{what}: its type is {kind!r}, and a service_account is wanted; {how}")
    found = [fields.get(name) for name in ("client_email", "private_key_id", "token_uri", "private_key")]
    email, key_id, url, key = [value if isinstance(value, str) else "" for value in found]
    if not email or not key:
        raise UsageError(f"{what}: client_email or private_key is missing; get a new key file")
    url = safe_url(url or "https://oauth2.googleapis.com/token", f"file: token_uri of {what}")
    return Account(email, key_id, url, Secret(key))


def account_at(path: str) -> Account:
    """The account in a file. Raises `UsageError`."""
    try:
        text = Path(path).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(f"auth option file: {path} cannot be read ({reason})") from error
    return account_in(text, path)


def signer_of(account: Account) -> Signer:
    """What signs for an account. Raises `UsageError` for a key that is none, or without `cryptography`."""
    try:
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError as error:
        raise UsageError(
            "auth = 'google' signs with the package cryptography, which is not installed: "
            "pip install cryptography, or use auth = 'command'"
        ) from error
    try:
        key = load_pem_private_key(account.key.reveal().encode(), password=None)
    except (ValueError, TypeError) as error:
        raise UsageError(f"the private key of {account.email} cannot be read; get a new key file") from error
    if not isinstance(key, RSAPrivateKey):
        raise UsageError(f"the private key of {account.email} is no RSA key; get a new key file")
    return lambda data: key.sign(data, PKCS1v15(), SHA256())


class GoogleTokens:
    """Fetches tokens: for the account of a credential's own, else for `account`, else for the one in the
    file that the environment names, which is read when it is first wanted.
    """

    def __init__(
        self,
        sender: Sender | None,
        clock: Callable[[], float],
        account: Account | None,
        file: str | None = None,
        scope: str = SCOPE,
    ) -> None:
        self._sender, self._clock, self._account, self._scope = sender, clock, account, scope
        self._file = file
        self._signers: dict[Account, Signer] = {}
        if account is not None:
            self._signers[account] = signer_of(account)

    async def fetch(self, secret: Secret | None) -> Token:
        """A new token. Raises `AuthFailed`."""
        try:
            account = self._own() if secret is None else account_in(secret.reveal(), "the credential")
            if account not in self._signers:
                self._signers[account] = signer_of(account)
        except UsageError as error:
            raise AuthFailed(f"google: {error}") from error
        fields = {"grant_type": GRANT, "assertion": self._assertion(account)}
        request = posted(account.token_url, fields)
        return await asked_for_token(self._sender, request, f"google: {account.email}")

    def _own(self) -> Account:
        if self._account is None and self._file is None:
            raise AuthFailed("google: no service account; set the auth option file, or a credential")
        if self._account is None:
            self._account = account_at(self._file or "")
        return self._account

    def _assertion(self, account: Account) -> str:
        now = int(self._clock())
        claims = {
            "iss": account.email,
            "scope": self._scope,
            "aud": account.token_url,
            "iat": now,
            "exp": now + HOUR,
        }
        header = {"alg": "RS256", "typ": "JWT", "kid": account.key_id}
        said = b".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
        return b".".join((said, _encoded(self._signers[account](said)))).decode()


def _encoded(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")
