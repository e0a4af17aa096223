"""The guard at Python's sockets: connects, datagrams, and lookups of names.

A method that `socket.socket` inherits from C is replaced on the Python class, which every library's sockets
derive from (`ssl.SSLSocket` too). Lookups are replaced where `socket.getaddrinfo` looks them up itself, so
that whoever imported it by name is seen, too.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, cast

from tokentape.allowed import bare
from tokentape.errors import NetworkBlocked
from tokentape.guard import lookups, policy, unseen

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from types import ModuleType

    from tokentape.guard.swap import Function, Make, Swap, Swaps


def attach(module: ModuleType, swaps: Swaps) -> None:
    """Replace what leads out in `socket`."""
    kind: type[socket.socket] = module.socket
    families = frozenset({module.AF_INET, module.AF_INET6})
    for name in ("connect", "connect_ex"):
        swaps.put(kind, name, _guarded(families, _first, closes=True))
    for name, where in (("sendto", _last), ("sendmsg", _fourth)):
        swaps.put(kind, name, _guarded(families, where))
    swaps.put(module._socket, "getaddrinfo", _lookup(module))
    for name in ("gethostbyname", "gethostbyname_ex", "gethostbyaddr"):
        swaps.put(module, name, _lookup(module))
    swaps.put(module, "getnameinfo", _reverse(module))


def _guarded(
    families: frozenset[int], address_in: Callable[[tuple[object, ...]], object], *, closes: bool = False
) -> Make:
    """A method of a socket that goes to the address among its arguments.

    `closes`: a socket that may not connect is closed, as libraries do themselves for an `OSError` only.
    """

    def make(swap: Swap) -> Function:
        original = swap.original

        @wraps(original)
        def method(self: socket.socket, *args: object, **kwargs: object) -> object:
            __tracebackhide__ = True
            if swap.is_on and not policy.idle():
                try:
                    _check(self, address_in(args) if args else None, families)
                except NetworkBlocked:
                    if closes:
                        self.close()
                    raise
            return original(self, *args, **kwargs)

        return method

    return make


def _check(sock: socket.socket, address: object, families: frozenset[int]) -> None:
    __tracebackhide__ = True
    if not isinstance(address, tuple) or len(address) < 2 or sock.family not in families:
        return
    reach(text_of(address[0]), address[1])


def reach(host: str, port: object) -> None:
    """`host` is about to be reached. Raises `NetworkBlocked` where it may not be."""
    __tracebackhide__ = True
    number = port_number(port)
    policy.check(host, number)
    unseen.connected(host, number)


def port_number(port: object) -> int | None:
    """A port as libraries give it: a number, its digits, the name of a service; None where there is none."""
    if isinstance(port, (int, str)) and str(port).isdigit():
        return int(port)
    if not isinstance(port, str) or not port:
        return None
    import socket

    try:
        return socket.getservbyname(port)
    except OSError:
        return None


def _first(args: tuple[object, ...]) -> object:
    return args[0]


def _last(args: tuple[object, ...]) -> object:
    """`sendto(data, address)` and `sendto(data, flags, address)`."""
    return args[-1]


def _fourth(args: tuple[object, ...]) -> object:
    """`sendmsg(buffers, ancillary, flags, address)`; without an address it goes where it is connected."""
    return args[3] if len(args) > 3 else None


def _lookup(module: ModuleType) -> Make:
    """A function that looks up its first argument."""

    def make(swap: Swap) -> Function:
        original = swap.original

        @wraps(original)
        def function(*args: object, **kwargs: object) -> object:
            __tracebackhide__ = True
            if not swap.is_on or policy.idle():
                return original(*args, **kwargs)
            host = args[0] if args else kwargs.get("host")
            if host is None:
                return original(*args, **kwargs)
            name = text_of(host)
            look_up(name, module)
            found = original(*args, **kwargs)
            lookups.learn(name, found)
            return found

        return function

    return make


def look_up(name: str, module: ModuleType) -> None:
    """`name` is about to be looked up. Raises `NetworkBlocked` where it may not be."""
    __tracebackhide__ = True
    if not lookups.has_ticket(name) and bare(name) not in _own_names(module):
        policy.check(name, None, lookup=True)


def _own_names(module: ModuleType) -> tuple[str, ...]:
    """What this machine calls itself: it knows that without asking anybody."""
    own = bare(cast("str", module.gethostname()))
    return own, own.partition(".")[0]


def _reverse(module: ModuleType) -> Make:
    """`getnameinfo(address, flags)`: asks for the name of an address, unless numbers will do."""

    def make(swap: Swap) -> Function:
        original = swap.original

        @wraps(original)
        def getnameinfo(address: tuple[object, ...], flags: int) -> object:
            if swap.is_on and not flags & cast("int", module.NI_NUMERICHOST) and not policy.idle():
                policy.check(text_of(address[0]), None)
            return original(address, flags)

        return getnameinfo

    return make


def text_of(host: object) -> str:
    """A host as text, whatever it was given as; "" for none."""
    if isinstance(host, (bytes, bytearray)):
        return bytes(host).decode("ascii", "replace")
    return "" if host is None else str(host)
