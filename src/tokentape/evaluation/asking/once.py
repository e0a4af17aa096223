"""Questions that come to one request are asked once: the same prompt, recorded of two models, is one question
to a third.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.wire.message import Request


class Once:
    """The requests of one run to one target, as digests of 16 bytes."""

    def __init__(self) -> None:
        self._met: set[bytes] = set()

    def meets(self, request: Request, sample: int) -> bool:
        """True the first time that this sample of a request is met."""
        text = f"{sample} {request.method} {request.url}\n".encode("utf-8", "surrogatepass")
        digest = blake2b(text + (request.body or b""), digest_size=16).digest()
        known = len(self._met)
        self._met.add(digest)
        return len(self._met) > known
