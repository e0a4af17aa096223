"""Compactions: a summary, sealed so that the client can carry it and only this store takes it for its own.

ttc1.PAYLOAD.MARK    PAYLOAD is the summary, compressed; MARK proves that this store sealed it for this
                     client; both in base64url
"""

from __future__ import annotations

import base64
import hmac
import zlib
from hashlib import sha256

VERSION = "ttc1"
MOST = 16 * 1024 * 1024
"""Bytes of a summary, so that nothing unpacks without end."""


class NotOurs(Exception):
    """A compaction that this store did not seal for this client."""


def seal(summary: str, client: str, key: bytes) -> str:
    """The summary as `encrypted_content`."""
    payload = base64.urlsafe_b64encode(zlib.compress(summary.encode("utf-8", "surrogatepass"), 9)).decode()
    return f"{VERSION}.{payload}.{_mark(payload, client, key)}"


def unseal(sealed: str, client: str, key: bytes) -> str:
    """The summary. Raises `NotOurs`."""
    version, _, rest = sealed.partition(".")
    payload, _, mark = rest.partition(".")
    if version != VERSION or not sealed.isascii():
        raise NotOurs
    if not hmac.compare_digest(mark, _mark(payload, client, key)):
        raise NotOurs
    unpacking = zlib.decompressobj()
    return unpacking.decompress(base64.urlsafe_b64decode(payload), MOST).decode("utf-8", "surrogatepass")


def _mark(payload: str, client: str, key: bytes) -> str:
    made = hmac.new(key, f"{VERSION}\0{client}\0{payload}".encode("utf-8", "surrogatepass"), sha256)
    return base64.urlsafe_b64encode(made.digest()).decode().rstrip("=")
