"""The guard at event loops: uvloop connects in C, where no Python socket sees it; asyncio looks names up in
threads that have no context.

So both are asked where the context is still known: `create_connection` and `getaddrinfo` of the loop.
"""

from __future__ import annotations

import sys
from functools import wraps
from typing import TYPE_CHECKING, cast

from tokentape.allowed import is_loopback
from tokentape.guard import lookups, policy, sockets
from tokentape.guard.programs import started

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Awaitable
    from types import ModuleType

    from tokentape.guard.swap import Function, Swap, Swaps


def attach_asyncio(module: ModuleType, swaps: Swaps) -> None:
    """Replace what leads out in the base class of asyncio's loops."""
    _attach(module.BaseEventLoop, swaps)


def attach_uvloop(module: ModuleType, swaps: Swaps) -> None:
    """Replace what leads out in uvloop's loop: datagrams, addresses of sockets and programs too."""
    _attach(module.Loop, swaps)
    swaps.put(module.Loop, "create_datagram_endpoint", _datagrams)
    swaps.put(module.Loop, "sock_connect", _sock_connect)
    swaps.put(module.Loop, "subprocess_exec", _program)
    swaps.put(module.Loop, "subprocess_shell", _program)


def _attach(loop: type, swaps: Swaps) -> None:
    swaps.put(loop, "create_connection", _connection)
    swaps.put(loop, "getaddrinfo", _lookup)
    swaps.put(loop, "getnameinfo", _reverse)


def _connection(swap: Swap) -> Function:
    original = swap.original

    @wraps(original)
    def create_connection(
        self: asyncio.AbstractEventLoop,
        protocol_factory: object,
        host: object = None,
        port: object = None,
        **kwargs: object,
    ) -> object:
        if swap.is_on and host is not None and not policy.idle():
            sockets.reach(sockets.text_of(host), port)
        return original(self, protocol_factory, host, port, **kwargs)

    return create_connection


def _lookup(swap: Swap) -> Function:
    original = swap.original

    @wraps(original)
    def getaddrinfo(self: asyncio.AbstractEventLoop, host: object, port: object, **kwargs: object) -> object:
        found = (
            original(self, host, port, **kwargs) if not swap.is_on or host is None or policy.idle() else None
        )
        if found is not None:
            return found
        name = sockets.text_of(host)
        sockets.look_up(name, sys.modules["socket"])
        return _ticketed(name, cast("Awaitable[object]", original(self, host, port, **kwargs)))

    return getaddrinfo


async def _ticketed(name: str, lookup: Awaitable[object]) -> object:
    with lookups.ticket(name):
        found = await lookup
    lookups.learn(name, found)
    return found


def _reverse(swap: Swap) -> Function:
    original = swap.original

    @wraps(original)
    def getnameinfo(self: asyncio.AbstractEventLoop, sockaddr: tuple[object, ...], flags: int = 0) -> object:
        numeric = flags & cast("int", sys.modules["socket"].NI_NUMERICHOST)
        if swap.is_on and not numeric and not policy.idle():
            policy.check(sockets.text_of(sockaddr[0]), None)
        return original(self, sockaddr, flags)

    return getnameinfo


def _sock_connect(swap: Swap) -> Function:
    original = swap.original

    @wraps(original)
    def sock_connect(self: asyncio.AbstractEventLoop, sock: socket.socket, address: object) -> object:
        if swap.is_on and isinstance(address, tuple) and not policy.idle():
            sockets.reach(sockets.text_of(address[0]), address[1])
        return original(self, sock, address)

    return sock_connect


def _datagrams(swap: Swap) -> Function:
    """uvloop sends datagrams in C: one that is not tied to this machine could send anywhere."""
    original = swap.original

    @wraps(original)
    def create_datagram_endpoint(
        self: asyncio.AbstractEventLoop, protocol_factory: object, *args: object, **kwargs: object
    ) -> object:
        if swap.is_on and not policy.idle():
            _check_datagrams(*args, **kwargs)
        return original(self, protocol_factory, *args, **kwargs)

    return create_datagram_endpoint


def _check_datagrams(
    local_addr: object = None, remote_addr: object = None, sock: object = None, **others: object
) -> None:
    """A Unix socket passes; so does one that is bound to loopback, from where nothing is routed out."""
    if isinstance(remote_addr, tuple):
        sockets.reach(sockets.text_of(remote_addr[0]), remote_addr[1])
        return
    if sock is not None:
        local_addr = cast("socket.socket", sock).getsockname()
    if isinstance(local_addr, str) or (isinstance(local_addr, tuple) and _is_tied(local_addr[0])):
        return
    if policy.forbidders():
        policy.check("255.255.255.255", None)


def _is_tied(host: object) -> bool:
    name = sockets.text_of(host)
    return is_loopback(name) and name not in ("", "0.0.0.0", "::")


def _program(swap: Swap) -> Function:
    original = swap.original

    @wraps(original)
    def subprocess(
        self: asyncio.AbstractEventLoop,
        protocol_factory: object,
        program: object,
        *args: object,
        **kwargs: object,
    ) -> object:
        if swap.is_on and not policy.idle():
            started(program)
        return original(self, protocol_factory, program, *args, **kwargs)

    return subprocess
