"""What is asked, in canonical form: read once, when somebody first wants to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.codec import Source
from tokentape.protocols.translation import read_request

if TYPE_CHECKING:
    from tokentape.gateway.call import Call
    from tokentape.protocols.canonical.conversation import Conversation


class Asking:
    """A call, and its request in canonical form."""

    __slots__ = ("_conversation", "call")

    def __init__(self, call: Call) -> None:
        self.call = call
        self._conversation: Conversation | None = None

    @property
    def source(self) -> Source:
        """Where the request comes from."""
        call = self.call
        return Source(call.dialect, call.model or None, call.stream)

    @property
    def conversation(self) -> Conversation:
        """The request. Raises `ProtocolError` for one that is not of its dialect."""
        if self._conversation is None:
            self._conversation = read_request(self.call.fields, self.source)
        return self._conversation
