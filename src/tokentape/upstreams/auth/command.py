"""Tokens that a command prints: `gcloud auth print-access-token`, a vault's client, an own script.

It is run without a shell. Its output is the token, or JSON: `token` (or `access_token`, `id_token`) with
`expires_in` (seconds) or `expires_at` (seconds since 1970, or ISO 8601). What it writes as errors is not
repeated, since it may hold what it must not.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tokentape.upstreams.auth.tokens import Token
from tokentape.upstreams.upstream import AuthFailed, Secret

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Callable

    from tokentape.wire.interaction import Json

MOST = 64 * 1024


@dataclass(frozen=True, slots=True)
class TokenCommand:
    """Runs `argv`. `clock` is the time of day, in seconds since 1970."""

    argv: tuple[str, ...]
    clock: Callable[[], float]
    seconds: float = 30.0

    async def fetch(self, secret: Secret | None) -> Token:
        """A new token. Raises `AuthFailed`."""
        name = self.argv[0]
        try:
            process = await asyncio.create_subprocess_exec(
                *self.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise AuthFailed(f"the token command {name} cannot be run: {error.strerror}") from error
        try:
            async with asyncio.timeout(self.seconds):
                output = await _output(process)
                code = await process.wait()
        except TimeoutError as error:
            raise AuthFailed(f"the token command {name} took over {self.seconds:g} seconds") from error
        finally:
            await _ended(process)
        if code != 0:
            raise AuthFailed(f"the token command {name} ended with status {code}; run it by hand to see why")
        found = token_of(output, self.clock())
        if found is None:
            raise AuthFailed(f"the token command {name} printed no token")
        return found


async def _output(process: Process) -> bytes:
    if process.stdout is None:
        return b""
    read = b""
    while len(read) <= MOST and (more := await process.stdout.read(MOST)):
        read += more
    return read


async def _ended(process: Process) -> None:
    """Nothing that it started stays behind."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        await process.wait()


def token_of(output: bytes, now: float) -> Token | None:
    """The token that was printed; None where there is none."""
    if len(output) > MOST:
        return None
    text = output.decode("utf-8", "replace").strip()
    if not text.startswith("{"):
        is_one = bool(text) and text.isascii() and text.isprintable() and " " not in text
        return Token(Secret(text), None) if is_one else None
    try:
        fields: Json = json.loads(text)
    except ValueError:
        return None
    if not isinstance(fields, dict):
        return None
    named = (fields.get(name) for name in ("token", "access_token", "id_token"))
    token = next((value for value in named if isinstance(value, str) and value), None)
    return None if token is None else Token(Secret(token), _lifetime(fields, now))


def _lifetime(fields: dict[str, Json], now: float) -> float | None:
    life, end = fields.get("expires_in"), fields.get("expires_at", fields.get("expires_on"))
    try:
        if life is not None:
            return float(str(life))
        if isinstance(end, str) and not end.replace(".", "", 1).isdigit():
            at = datetime.fromisoformat(end)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now
        return None if end is None else float(str(end)) - now
    except ValueError:
        return None
