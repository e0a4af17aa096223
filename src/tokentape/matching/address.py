"""The parts of a URL as they count for matching."""

from __future__ import annotations

import re

from tokentape.wire.redact.placeholder import is_placeholder
from tokentape.wire.url import authority_of, host_of, split_query

LOOPBACK = "localhost"
"""How every loopback host is spelled here: local servers get a port by chance, and any of the names."""

_LOOPBACK = re.compile(
    r"localhost|.*\.localhost|127(\.\d{1,3}){3}|::1|0\.0\.0\.0|::|::ffff:127\.\d+\.\d+\.\d+"
)
_PORTS = {"http": "80", "https": "443"}


def is_loopback(host: str) -> bool:
    """True for every name of this machine."""
    return _LOOPBACK.fullmatch(host) is not None


def scheme_of(url: str) -> str:
    """The scheme, lower case."""
    return url.partition(":")[0].lower()


def port_of(url: str) -> str:
    """The port, also where it is the scheme's own and not written."""
    after_host = authority_of(url).rpartition("@")[2].rpartition("]")[2]
    return after_host.rpartition(":")[2] if ":" in after_host else _PORTS.get(scheme_of(url), "")


def place_of(url: str) -> str:
    """The host, with the port where it is not the scheme's own; a loopback host has no port here."""
    host = host_of(url)
    if is_loopback(host):
        return LOOPBACK
    port = port_of(url)
    return host if port in ("", _PORTS.get(scheme_of(url))) else f"{host}:{port}"


def query_of(url: str) -> list[tuple[str, str]]:
    """Names and values, decoded, sorted by name; repeats keep their order. Credentials are left out,
    so that a key in the query or in a header makes no difference."""
    query = split_query(url)[1]
    if not query:
        return []
    pairs = sorted(form_pairs(query), key=lambda pair: pair[0])
    return [pair for pair in pairs if not is_placeholder(pair[1])]


def form_pairs(text: str) -> list[tuple[str, str]]:
    """The pairs of a query or form, in order; bytes that are no UTF-8 become lone surrogates."""
    from urllib.parse import parse_qsl

    return parse_qsl(text, keep_blank_values=True, errors="surrogateescape")
