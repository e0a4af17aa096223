"""Which hosts may be reached where the network is blocked: the option `allow_hosts`, and this machine itself.

No I/O: names are compared as they stand, addresses as numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

    Address = IPv4Address | IPv6Address
    Network = IPv4Network | IPv6Network

LOOPBACK_NAMES = frozenset(
    {"", "localhost", "localhost.localdomain", "localhost4", "localhost6", "ip6-localhost", "ip6-loopback"}
)
"""Names of this machine for itself; the empty one is what a server that is bound to all is reached by."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One host that may be reached: a name, `*.suffix`, or a network of addresses; on one port, or on any."""

    name: str
    network: Network | None
    port: int | None

    def covers(self, host: str, address: Address | None, port: int | None) -> bool:
        """True if `host` (its `address`, where it is one) may be reached; no `port`: on some port."""
        if None not in (port, self.port) and port != self.port:
            return False
        if self.network is not None:
            return address is not None and address in self.network
        if self.name.startswith("*"):
            return address is None and host.endswith(self.name[1:]) if self.name != "*" else True
        return host == self.name


class Allowed:
    """The hosts of one `allow_hosts`: names, addresses, networks ("10.0.0.0/8"), `*.suffix`, `host:port`."""

    __slots__ = ("entries",)

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        """Raises `UsageError` for what is none of these."""
        if isinstance(hosts, str):
            hosts = (hosts,)
        self.entries = tuple(_entry(host) for host in hosts)

    def __bool__(self) -> bool:
        return bool(self.entries)

    def permits(self, host: str, port: int | None) -> bool:
        """True if `host` is listed; `port` None asks for a lookup of its name."""
        if not self.entries:
            return False
        host = bare(host)
        address = address_of(host)
        return any(entry.covers(host, address, port) for entry in self.entries)

    @property
    def names(self) -> list[str]:
        """The entries that are names of one host."""
        return [e.name for e in self.entries if e.network is None and not e.name.startswith("*")]


def is_loopback(host: str) -> bool:
    """True for this machine as it calls itself: 127.0.0.0/8, ::1, the unspecified addresses, `localhost`."""
    host = bare(host)
    if host in LOOPBACK_NAMES or host.endswith(".localhost"):
        return True
    address = address_of(host)
    if address is None:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)


def bare(host: str) -> str:
    """As it is compared: lower case, without brackets, zone and trailing dot."""
    return host.strip().lower().strip("[]").partition("%")[0].rstrip(".")


def address_of(host: str) -> Address | None:
    """The address that `host` is, also in the short forms that the C library takes ("127.1"), or None."""
    import socket
    from ipaddress import IPv4Address, ip_address

    try:
        return ip_address(host)
    except ValueError:
        pass
    if not host or not host[0].isdigit() or not set(host) <= set("0123456789abcdefx."):
        return None
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _entry(host: str) -> Entry:
    name, port = _port_apart(host.strip().lower())
    if "/" in name or address_of(name) is not None:
        return Entry(name, _network(host, name), port)
    name = name.rstrip(".")
    rest = name[1:] if name.startswith("*") else name
    if (not rest and name != "*") or (name.startswith("*") and rest and rest[0] != ".") or _odd(rest):
        raise _unknown(host)
    return Entry(name, None, port)


def _odd(name: str) -> bool:
    return any(not (mark.isalnum() or mark in ".-_") for mark in name)


def _network(host: str, name: str) -> Network:
    from ipaddress import ip_network

    try:
        return ip_network(str(address_of(name) or name), strict=False)
    except ValueError:
        raise _unknown(host) from None


def _port_apart(host: str) -> tuple[str, int | None]:
    """The host and the port of `name:port` and `[address]:port`; a bare IPv6 address has no port."""
    if host.startswith("["):
        name, _, port = host[1:].partition("]")
        port = port.removeprefix(":")
    elif host.count(":") == 1:
        name, _, port = host.partition(":")
    else:
        name, port = host, ""
    if port and not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise _unknown(host)
    return name, int(port) if port else None


def _unknown(host: str) -> UsageError:
    return UsageError(
        f"allow_hosts: {host!r} is no host; write 'llm.example.com', '*.example.com', 'name:port', "
        "an address, or a network such as '10.0.0.0/8'"
    )
