"""Replies that quote the key they were asked with: whoever asked through us must not see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.wire.redact.known import forms, worth_knowing

if TYPE_CHECKING:
    from tokentape.upstreams.sending import Sent
    from tokentape.wire.message import Headers


class Discreet:
    """An error reply in which a secret stands as asterisks: as many, so that lengths stay what they are.

    A secret that is split by the end of a chunk is found by `read`, which is how errors are read.
    """

    def __init__(self, sent: Sent, secret: str) -> None:
        self._sent = sent
        self._forms = sorted(forms(secret), key=len, reverse=True)
        self.status, self.http = sent.status, sent.http
        self.reason = self._text(sent.reason)
        self.headers: Headers = tuple((name, self._text(value)) for name, value in sent.headers)

    async def chunk(self) -> bytes:
        """The next bytes of the body. Raises `SendFailed`."""
        return self._hidden(await self._sent.chunk())

    async def read(self, most: int) -> bytes:
        """The rest of the body. Raises `SendFailed`."""
        return self._hidden(await self._sent.read(most))

    def close(self) -> None:
        """As the reply's."""
        self._sent.close()

    def _hidden(self, data: bytes) -> bytes:
        for form in self._forms:
            data = data.replace(form, b"*" * len(form))
        return data

    def _text(self, text: str) -> str:
        return self._hidden(text.encode("latin-1", "replace")).decode("latin-1")


def discreet(sent: Sent, secret: str | None) -> Sent:
    """The reply, without the secret it may quote. Only errors do, and words such as `ollama` are none."""
    if sent.status < 400 or secret is None or not worth_knowing(secret):
        return sent
    return Discreet(sent, secret)
