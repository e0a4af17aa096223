"""What is asked, in canonical form: read once, when somebody first wants to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.protocols.codec import Source
from tokentape.protocols.translation import read_request
from tokentape.upstreams.destinations import NotFetched
from tokentape.upstreams.fetching import inlined

if TYPE_CHECKING:
    from tokentape.gateway.call import Call
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.upstreams.destinations import FetchOptions
    from tokentape.upstreams.fetching import Fetcher


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

    async def fetched(self, fetching: Fetching) -> bool:
        """Put what the URLs of the request show into it; True if there was something to put. Raises
        `UsageError` for what cannot, or may not, be fetched.
        """
        try:
            inline = await inlined(self.conversation, *fetching)
        except NotFetched as error:
            raise UsageError(str(error)) from error
        changed = inline is not self.conversation
        self._conversation = inline
        return changed


Fetching = tuple["Fetcher", "FetchOptions"]
"""What fetches, and within which bounds."""
