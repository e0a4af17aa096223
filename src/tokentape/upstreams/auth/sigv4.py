"""AWS Signature Version 4, the part without I/O: a request, a credential and a moment give header fields.

Written from Amazon's "Signature Version 4 signing process"; the tests compare it with botocore's.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from tokentape.wire.message import Request

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class AwsKey:
    """A credential of AWS."""

    id: str
    secret: str
    token: str | None = None

    def __repr__(self) -> str:
        return "AwsKey(***)"


def sign(request: Request, key: AwsKey, region: str, service: str, at: float) -> Request:
    """The request with its signature. It must hold none before (`bare`); its headers but `content-type` and
    `x-amz-*` are left out of it, since they may change on the way.
    """
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
    added = (("X-Amz-Date", moment), *((("X-Amz-Security-Token", key.token),) if key.token else ()))
    request = request.with_headers((*request.headers, *added))
    names, canonical = _canonical(request)
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    hashed = hashlib.sha256(canonical.encode("utf-8")).hexdigest()
    signature = _signature(key.secret, scope, f"{ALGORITHM}\n{moment}\n{scope}\n{hashed}")
    shown = f"{ALGORITHM} Credential={key.id}/{scope}, SignedHeaders={names}, Signature={signature}"
    return request.with_headers((*request.headers, ("Authorization", shown)))


def _canonical(request: Request) -> tuple[str, str]:
    """The names of the signed fields, and the request in the form that is hashed."""
    parts = urlsplit(request.url)
    fields: dict[str, list[str]] = {}
    for name, value in request.headers:
        lower = name.lower()
        if lower == "content-type" or lower.startswith("x-amz-"):
            fields.setdefault(lower, []).append(" ".join(value.split()))
    fields["host"] = [_host(parts.scheme, parts.hostname or "", parts.port)]
    names = ";".join(sorted(fields))
    lines = "".join(f"{name}:{','.join(fields[name])}\n" for name in sorted(fields))
    # Every service but S3 escapes the path, which is escaped already, once more.
    path = quote(parts.path or "/", safe="/~")
    query = "&".join("=".join(pair) for pair in sorted(_pair(one) for one in parts.query.split("&") if one))
    body = hashlib.sha256(request.body or b"").hexdigest()
    return names, f"{request.method}\n{path}\n{query}\n{lines}\n{names}\n{body}"


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _host(scheme: str, host: str, port: int | None) -> str:
    host = f"[{host}]" if ":" in host else host
    return host if port in (None, {"http": 80, "https": 443}.get(scheme)) else f"{host}:{port}"


def _signature(secret: str, scope: str, text: str) -> str:
    key = b"AWS4" + secret.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()
