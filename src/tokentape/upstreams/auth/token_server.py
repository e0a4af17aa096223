"""One request to a token server, through the same sender as all others, and what came of it."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tokentape.errors import UsageError
from tokentape.protocols.hosts import is_local
from tokentape.upstreams.auth.tokens import Token
from tokentape.upstreams.sending import SendFailed
from tokentape.upstreams.upstream import AuthFailed, Secret, Times
from tokentape.wire.message import Request
from tokentape.wire.url import host_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.upstreams.sending import Sender
    from tokentape.wire.interaction import Json

SECONDS = 30.0
MOST = 256 * 1024
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,60}")


def posted(url: str, fields: Mapping[str, str]) -> Request:
    """A form to a token server."""
    headers = (
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Accept", "application/json"),
        ("Accept-Encoding", "identity"),
    )
    return Request("POST", url, headers, urlencode(fields).encode())


def safe_url(url: str, option: str) -> str:
    """The address of a token server: encrypted, but on this machine and its network. Raises `UsageError`."""
    if not url.startswith("https://") and not (url.startswith("http://") and is_local(host_of(url))):
        raise UsageError(f"auth option {option}: {url[:100]!r} must begin with https://")
    return url


async def asked_for_token(sender: Sender | None, request: Request, what: str) -> Token:
    """The token that a server gives. `what` names what was asked with. Raises `AuthFailed`."""
    host = host_of(request.url)
    own = sender or _own_sender()
    try:
        async with asyncio.timeout(SECONDS):
            status, body = await _exchanged(own, request)
    except SendFailed as error:
        raise AuthFailed(f"{what}: no token from {host}: {error.message}") from error
    except TimeoutError as error:
        raise AuthFailed(f"{what}: {host} gave no token within {SECONDS:g} seconds") from error
    finally:
        if sender is None:
            await own.aclose()
    fields = _fields(body)
    if status != 200:
        raise AuthFailed(f"{what}: {host} refused a token with status {status}{_reason(fields)}")
    found = token_in(fields)
    if found is None:
        raise AuthFailed(f"{what}: {host} answered without an access_token")
    return found


def _own_sender() -> Sender:
    """A client for one request: tokens are asked for once an hour, and nobody has to close it later."""
    from tokentape.upstreams.aiohttp_sender import AiohttpSender

    return AiohttpSender()


async def _exchanged(sender: Sender, request: Request) -> tuple[int, bytes]:
    sent = await sender.send(request, Times())
    try:
        return sent.status, await sent.read(MOST)
    finally:
        sent.close()


def token_in(fields: Mapping[str, Json]) -> Token | None:
    """The token in a reply: `access_token`, `expires_in` as a number or as text."""
    text = fields.get("access_token")
    if not isinstance(text, str) or not text:
        return None
    life = fields.get("expires_in")
    try:
        return Token(Secret(text), None if life is None else float(str(life)))
    except ValueError:
        return Token(Secret(text), None)


def _fields(body: bytes) -> Mapping[str, Json]:
    try:
        found: Json = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _reason(fields: Mapping[str, Json]) -> str:
    """The code of OAuth's errors; its description may repeat what was sent."""
    code = fields.get("error")
    return f" ({code})" if isinstance(code, str) and _CODE.fullmatch(code) else ""
