"""Where media may be fetched from: pure decisions on URLs and on the addresses that names resolve to.

A URL in a request is a wish of somebody who is not on this machine (SSRF): it must not lead to anything that
only this machine, or this network, can reach. The name says little; what counts is the address, judged when
it is connected to, and again for each redirect.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from tokentape.errors import UsageError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address
    Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MEDIA = (
    "image/*", "audio/*", "video/*", "application/pdf", "text/plain", "text/markdown", "text/csv",
)  # fmt: skip


class NotFetched(UsageError):
    """A URL in a request was not fetched: where, and why, in one line for who asked."""


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """What may be fetched. `allow` are names ("media.example.com", "*.example.com") and networks
    ("10.1.0.0/16") on one's own premises; `ports` are those beyond 80 and 443. `most` bytes are read of one
    thing and `total` of all things of a request, which shows at most `count`.
    """

    allow: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    most: int = 20 * 1024 * 1024
    total: int = 50 * 1024 * 1024
    count: int = 100
    seconds: float = 30.0
    redirects: int = 3
    types: tuple[str, ...] = MEDIA


_PORTS = {"http": 80, "https": 443}
_LOCAL = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".localdomain")
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")

_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
        "168.63.129.16/32",  # Azure's own services, under an address that looks public
        "::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "fc00::/7", "fe80::/10",
        "fec0::/10", "ff00::/8",
    )
)  # fmt: skip
"""Networks that are not the internet (IANA's special purpose registries), where `is_global` of older
versions of Python says otherwise."""

_MAPPED, _NAT64, _SIX_TO_FOUR = (
    ipaddress.ip_network(text) for text in ("::ffff:0:0/96", "64:ff9b::/96", "2002::/16")
)


@dataclass(frozen=True, slots=True)
class Destinations:
    """The options, read. Raises `UsageError` for a name or network that is none."""

    options: FetchOptions
    names: frozenset[str]
    networks: tuple[Network, ...]

    @classmethod
    def of(cls, options: FetchOptions) -> Destinations:
        """The options, read."""
        names, networks = set(), []
        for text in options.allow:
            try:
                networks.append(ipaddress.ip_network(text))
            except ValueError:
                name = text.lower().rstrip(".")
                if _NAME.fullmatch(name.removeprefix("*.")) is None or _is_number(name):
                    raise UsageError(f"allow: {text!r} is neither a name nor a network") from None
                names.add(name)
        return cls(options, frozenset(names), tuple(networks))

    def checked(self, url: str) -> str:
        """The URL, if it may be fetched as far as it tells by itself. Raises `NotFetched`."""
        parts = _split(url)
        host = (parts.hostname or "").rstrip(".")
        if parts.username is not None or parts.password is not None:
            raise NotFetched(f"{_shown(url)} is not fetched: it holds a user name")
        port = parts.port or _PORTS[parts.scheme]
        if port not in (80, 443, *self.options.ports):
            raise NotFetched(f"{_shown(url)} is not fetched: port {port} is not allowed")
        literal = _literal(host)
        if literal is not None:
            self.check_address(str(literal), host)
        elif not self.allows_name(host):
            self._check_name(host, url)
        return url

    def redirected(self, url: str, location: str) -> str:
        """Where a redirect of `url` leads, if that may be fetched, too. Raises `NotFetched`."""
        target = urljoin(url, location)
        if url.startswith("https://") and not target.startswith("https://"):
            raise NotFetched(f"{_shown(url)} is not fetched: it leads to a place without encryption")
        return self.checked(target)

    def allows_name(self, host: str) -> bool:
        """True for a name that was allowed, wherever it leads."""
        if host in self.names:
            return True
        parts = host.split(".")
        return any("*." + ".".join(parts[at:]) in self.names for at in range(1, len(parts)))

    def check_address(self, address: str, host: str) -> None:
        """Raises `NotFetched` for an address that is not on the internet, and was not allowed."""
        found = ipaddress.ip_address(address.partition("%")[0])
        if any(found in network for network in self.networks if network.version == found.version):
            return
        if not is_public(found):
            raise NotFetched(f"{host} is not fetched from: its address is not one of the internet's")

    def _check_name(self, host: str, url: str) -> None:
        if _NAME.fullmatch(host) is None:
            raise NotFetched(f"{_shown(url)} is not fetched: it names no host")
        if _is_number(host):
            raise NotFetched(f"{_shown(url)} is not fetched: it spells an address in another way")
        if "." not in host or host.endswith(_LOCAL):
            raise NotFetched(f"{_shown(url)} is not fetched: {host} is a name of this network")

    def check_type(self, media_type: str, url: str) -> str:
        """The media type, if such things are fetched. Raises `NotFetched`."""
        plain = media_type.partition(";")[0].strip().lower()
        wild = f"{plain.partition('/')[0]}/*"
        if plain not in self.options.types and wild not in self.options.types:
            raise NotFetched(f"{_shown(url)} is not fetched: its type is {plain[:60] or 'not told'}")
        return plain


def is_public(address: Address) -> bool:
    """True for an address of the internet, also where it is wrapped in another one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _wrapped(address)
        if inner is not None:
            return is_public(inner)
    within = any(address in network for network in _NEVER if network.version == address.version)
    return address.is_global and not address.is_multicast and not within


def _wrapped(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside (mapped, NAT64, 6to4), which is where it leads."""
    if address in _MAPPED or address in _NAT64:
        return ipaddress.IPv4Address(address.packed[12:])
    return ipaddress.IPv4Address(address.packed[2:6]) if address in _SIX_TO_FOUR else None


def _split(url: str) -> SplitResult:
    if not url.isascii() or any(ord(letter) <= 0x20 or letter in "\x7f\\" for letter in url):
        raise NotFetched(f"{_shown(url)} is not fetched: it holds characters that a URL does not")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise NotFetched(f"{_shown(url)} is not fetched: it is no URL") from error
    if parts.scheme not in _PORTS or not parts.hostname:
        raise NotFetched(f"{_shown(url)} is not fetched: only http and https are")
    return parts


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_number(host: str) -> bool:
    """True for what resolvers take for an address though it is not written as one: 127.1, 0x7f000001."""
    return _NUMBER.fullmatch(host.rpartition(".")[2]) is not None


def _shown(url: str) -> str:
    """A URL for a message: no query, which may hold a key."""
    return ascii(url.partition("?")[0].rpartition("@")[2][:100])
