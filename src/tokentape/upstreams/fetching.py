"""Fetching what the URLs in a request show, for upstreams that fetch nothing themselves (case 26)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from tokentape.protocols import media
from tokentape.upstreams.destinations import NotFetched

if TYPE_CHECKING:
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.upstreams.destinations import FetchOptions

AT_ONCE = 8


class Fetcher(Protocol):
    """What fetches."""

    async def fetch(self, url: str) -> tuple[str, bytes]:
        """Media type and bytes of what a URL shows. Raises `NotFetched`."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


def urls_in(asked: Conversation) -> list[str]:
    """The http(s) URLs of media in a request, each once, in order."""
    found: dict[str, None] = {}

    def note(url: str) -> tuple[str, bytes]:
        found[url] = None
        return "", b""

    media.inlined(asked, note)
    return list(found)


async def inlined(asked: Conversation, fetcher: Fetcher, options: FetchOptions) -> Conversation:
    """The request with what its URLs show put inline. Raises `NotFetched`; then nothing is left running."""
    urls = urls_in(asked)
    if not urls:
        return asked
    if len(urls) > options.count:
        raise NotFetched(f"the request shows {len(urls)} URLs; at most {options.count} are fetched")
    known: dict[str, tuple[str, bytes]] = {}
    room = asyncio.Semaphore(AT_ONCE)

    async def fetch(url: str) -> None:
        async with room:
            known[url] = await fetcher.fetch(url)
        if sum(len(data) for _, data in known.values()) > options.total:
            raise NotFetched(f"the URLs of the request show more than {options.total} bytes together")

    try:
        async with asyncio.TaskGroup() as group:
            for url in urls:
                group.create_task(fetch(url))
    except* NotFetched as several:
        raise _first(several) from None
    return media.inlined(asked, known.__getitem__)


def _first(several: BaseExceptionGroup[NotFetched]) -> NotFetched:
    error: BaseException = several
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error if isinstance(error, NotFetched) else NotFetched(str(error))
