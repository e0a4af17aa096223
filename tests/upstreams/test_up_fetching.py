"""Media behind URLs: what may be fetched, judged by the address that is connected to, and within limits."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from tokentape.errors import UsageError
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.parts import Image, Inline, Text, Url
from tokentape.testing.provider.script import Framing, Script, Send, SendHead, Stall, redirect
from tokentape.upstreams.destinations import Destinations, FetchOptions, NotFetched, is_public
from tokentape.upstreams.fetching import inlined, urls_in

pytest.importorskip("aiohttp")
from aiohttp.abc import AbstractResolver

from tokentape.upstreams.aiohttp_fetcher import AiohttpFetcher

PLAIN = Destinations.of(FetchOptions())


def refused(url: str, destinations: Destinations = PLAIN) -> str:
    with pytest.raises(NotFetched) as told:
        destinations.checked(url)
    assert "\n" not in str(told.value)
    return str(told.value)


# URLs


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a.png",
        "http://example.com:80/a.png?x=1#y",
        "https://EXAMPLE.com.:443/",
        "https://93.184.216.34/x",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/x",
        "https://xn--bcher-kva.example/x",
    ],
)
def test_what_is_on_the_internet_may_be_fetched(url):
    assert PLAIN.checked(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://example.com/x", "gopher://example.com/", "data:text/plain,x", "example.com/x",
        "https://", "https:///x", "javascript:alert(1)", "http://[::1", "http://example.com:99999/",
    ],
)  # fmt: skip
def test_only_http_and_https_are_fetched(url):
    assert refused(url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.0.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1",
        "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.88.99.1", "168.63.129.16",
        "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "2001::1", "100::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1",
        "2002:7f00:1::", "2002:a9fe:a9fe::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_the_internets_is_refused(address):
    host = f"[{address}]" if ":" in address else address
    assert "not one of the internet's" in refused(f"http://{host}/x")
    with pytest.raises(NotFetched):
        PLAIN.check_address(address, "name.example")


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_an_address_of_the_internet_is_one_also_inside_another(address):
    import ipaddress

    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "127.1",
        "017700000001",
        "1.2.3.4.5",
        "0177.0.0.1",
        "example.0x1",
        "127.0.0.1.1",
    ],
)
def test_an_address_that_is_spelled_in_another_way_is_refused(host):
    assert "spells an address" in refused(f"http://{host}/x")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a.localhost",
        "intranet",
        "printer.local",
        "metadata.google.internal",
        "db.lan",
    ],
)
def test_names_of_this_machine_and_network_are_refused(host):
    assert "a name of this network" in refused(f"http://{host}/x")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://user@example.com/x", "user name"),
        ("https://user:hush@example.com/x", "user name"),
        ("https://example.com@127.0.0.1/x", "user name"),
        ("https://example.com:8443/x", "port 8443"),
        ("http://example.com:22/x", "port 22"),
        ("http://example.com\\@127.0.0.1/x", "characters"),
        ("http://exa mple.com/x", "characters"),
        ("http://example.com/x\r\nHost: y", "characters"),
        ("http://①②⑦.⓪.⓪.①/x", "characters"),
        ("http://exam%70le.com/x", "no host"),
        ("http://[fe80::1%25eth0]/x", "internet"),
        ("http://-a.example/x", "no host"),
    ],
)
def test_what_else_a_url_may_not_hold(url, words):
    text = refused(url + "?key=hush")
    assert words in text
    assert "hush" not in text


def test_names_networks_and_ports_of_ones_own_may_be_allowed():
    own = Destinations.of(
        FetchOptions(allow=("media.corp.example", "*.cdn.lan", "10.1.0.0/16", "fd00::/8"), ports=(8443,))
    )
    for url in (
        "http://media.corp.example:8443/",
        "http://a.b.cdn.lan/",
        "http://10.1.2.3/",
        "http://[fd00::1]/",
    ):
        assert own.checked(url) == url
    for url in ("http://cdn.lan/", "http://10.2.0.1/", "http://127.0.0.1/", "http://media.corp.example:9/"):
        assert refused(url, own)
    for wrong in ("10.1.0.1/16", "a b", "127.1", "*."):
        with pytest.raises(UsageError, match="allow"):
            Destinations.of(FetchOptions(allow=(wrong,)))


def test_a_redirect_is_judged_as_a_url_is():
    here = "https://example.com/a/b"
    assert PLAIN.redirected(here, "../c") == "https://example.com/c"
    assert PLAIN.redirected(here, "//other.example/x") == "https://other.example/x"
    for location, words in (
        ("http://example.com/", "encryption"),
        ("https://127.0.0.1/", "internet"),
        ("file:///etc", "encryption"),
    ):
        with pytest.raises(NotFetched, match=words):
            PLAIN.redirected(here, location)
    assert PLAIN.redirected("http://example.com/", "https://example.com/") == "https://example.com/"


@pytest.mark.parametrize(
    "kind", ["image/png", "IMAGE/PNG; x=y", "application/pdf", "text/plain; charset=utf-8", "video/mp4"]
)
def test_media_has_types_that_are_allowed(kind):
    assert PLAIN.check_type(kind, "https://h.example/") == kind.partition(";")[0].lower()


@pytest.mark.parametrize("kind", ["text/html", "application/json", "", "application/octet-stream"])
def test_everything_else_is_not_fetched(kind):
    with pytest.raises(NotFetched, match="its type is"):
        PLAIN.check_type(kind, "https://h.example/")


# Over the wire: names lead to the provider on this machine


class Names(AbstractResolver):
    """Says what a test wants names to mean; `turns` are the answers one after the other."""

    def __init__(self, *turns: str) -> None:
        self.turns = list(turns)
        self.asked: list[str] = []

    async def resolve(self, host, port=0, family=socket.AF_INET):
        self.asked.append(host)
        address = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [{"hostname": host, "host": address, "port": port, "family": kind, "proto": 0, "flags": 0}]

    async def close(self):
        pass


def fetched(url: str, options: FetchOptions, resolver: AbstractResolver | None = None) -> tuple[str, bytes]:
    async def scenario():
        fetcher = AiohttpFetcher(options, resolver)
        try:
            return await fetcher.fetch(url)
        finally:
            await fetcher.aclose()

    return asyncio.run(scenario())


def shows(kind: str, data: bytes, *fields: tuple[str, str], status: int = 200) -> Script:
    return Script((SendHead(status, (("Content-Type", kind), *fields)), Send(data)))


def to(provider, **options) -> FetchOptions:
    return FetchOptions(allow=("127.0.0.0/8",), ports=(provider.port,), **options)


def test_media_is_fetched_and_nothing_of_the_caller_is_told(provider):
    provider.play(shows("image/png; a=b", b"\x89PNG"))
    assert fetched(provider.url + "/a.png?x=1", to(provider)) == ("image/png", b"\x89PNG")
    assert [name for name, _ in provider.requests[0].headers] == [
        "Host",
        "User-Agent",
        "Accept",
        "Accept-Encoding",
    ]
    assert provider.requests[0].target == "/a.png?x=1"


def test_a_name_is_judged_by_what_it_resolves_to(provider):
    options = FetchOptions(ports=(provider.port,))
    with pytest.raises(NotFetched, match="not one of the internet's"):
        fetched(f"http://rebound.example:{provider.port}/x", options, Names("127.0.0.1"))
    assert provider.count == 0


def test_the_address_that_was_judged_is_the_one_connected_to(provider):
    """DNS rebinding: a name that is asked again says something else, so it is asked once for a connection."""
    names = Names("127.0.0.1", "10.0.0.1")
    provider.play(shows("image/png", b"x"))
    assert fetched(f"http://name.example:{provider.port}/x", to(provider), names) == ("image/png", b"x")
    assert names.asked == ["name.example"]


def test_of_several_addresses_only_the_allowed_are_tried(provider):
    class Both(Names):
        async def resolve(self, host, port=0, family=socket.AF_INET):
            return await super().resolve(host, port) + await super().resolve(host, port)

    provider.play(shows("image/png", b"x"))
    result = fetched(f"http://name.example:{provider.port}/x", to(provider), Both("10.0.0.1", "127.0.0.1"))
    assert result == ("image/png", b"x")


def test_a_name_that_was_allowed_may_lead_anywhere(provider):
    provider.play(shows("image/png", b"x"))
    options = FetchOptions(allow=("media.corp.example",), ports=(provider.port,))
    assert fetched(f"http://media.corp.example:{provider.port}/x", options, Names("127.0.0.1"))[1] == b"x"


def test_a_redirect_to_this_machine_is_not_followed(provider):
    provider.play(redirect(f"http://127.0.0.1:{provider.port}/secret", 302))
    options = FetchOptions(allow=("media.corp.example",), ports=(provider.port,))
    with pytest.raises(NotFetched, match="127.0.0.1"):
        fetched(f"http://media.corp.example:{provider.port}/x", options, Names("127.0.0.1"))
    assert provider.count == 1


def test_a_redirect_to_a_name_is_judged_at_its_connection(provider):
    provider.play(redirect(f"http://other.example:{provider.port}/secret", 302))
    options = FetchOptions(allow=("media.corp.example",), ports=(provider.port,))
    with pytest.raises(NotFetched, match="internet"):
        fetched(f"http://media.corp.example:{provider.port}/x", options, Names("127.0.0.1"))
    assert provider.count == 1


def test_three_redirects_are_followed_and_no_more(provider):
    for number in range(3):
        provider.play(redirect(f"/{number}", 302))
    provider.play(shows("image/gif", b"GIF"))
    assert fetched(provider.url + "/x", to(provider)) == ("image/gif", b"GIF")
    for _ in range(4):
        provider.play(redirect("/again", 307))
    with pytest.raises(NotFetched, match="more than 3 redirects"):
        fetched(provider.url + "/x", to(provider))
    assert provider.count == 8


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (shows("text/html", b"<html>"), "its type is text/html"),
        (shows("image/png", b"x" * 200), "over 100 bytes"),
        (
            Script(
                (
                    SendHead(200, (("Content-Type", "image/png"),), framing=Framing.CHUNKED),
                    Send(b"x" * 101),
                    Stall(None),
                )
            ),
            "over 100 bytes",
        ),
        (shows("image/png", b"x", ("Content-Encoding", "gzip")), "compressed"),
        (shows("image/png", b"", status=404), "answered 404"),
        (Script((SendHead(302),)), "answered 302"),
    ],
    ids=["type", "length", "unsaid-length", "compressed", "missing", "no-place"],
)
def test_what_came_is_not_taken(provider, script, words):
    provider.play(script)
    with pytest.raises(NotFetched, match=words):
        fetched(provider.url + "/x", to(provider, most=100))


def test_who_is_slow_is_not_waited_for(provider):
    gate = threading.Event()
    provider.play(
        Script((SendHead(200, (("Content-Type", "image/png"),), length=5), Send(b"x"), Stall(gate)))
    )
    with pytest.raises(NotFetched, match="within 0.2 seconds"):
        fetched(provider.url + "/x", to(provider, seconds=0.2))
    gate.set()


# Conversations


def asking(*urls: str) -> Conversation:
    parts = tuple(Image(Url(url)) for url in urls)
    return Conversation(items=(Message(Role.USER, (Text("what is this?"), *parts)),))


class Shelf:
    def __init__(self, things: dict[str, bytes]) -> None:
        self.things, self.asked = things, []

    async def fetch(self, url):
        self.asked.append(url)
        await asyncio.sleep(0)
        if url not in self.things:
            raise NotFetched(f"{url} is not there")
        return "image/png", self.things[url]


def test_each_url_of_a_request_is_fetched_once_and_stands_inside():
    asked = asking("https://a.example/1", "https://a.example/2", "https://a.example/1", "gs://bucket/x")
    assert urls_in(asked) == ["https://a.example/1", "https://a.example/2"]
    shelf = Shelf({"https://a.example/1": b"1", "https://a.example/2": b"2"})
    result = asyncio.run(inlined(asked, shelf, FetchOptions()))
    sources = [part.source for part in result.items[0].parts if isinstance(part, Image)]
    assert sources[:3] == [
        Inline("image/png", "MQ=="),
        Inline("image/png", "Mg=="),
        Inline("image/png", "MQ=="),
    ]
    assert isinstance(sources[3], Url)
    assert sorted(shelf.asked) == urls_in(asked)


def test_a_request_without_urls_stays_as_it_is():
    asked = asking()
    assert asyncio.run(inlined(asked, Shelf({}), FetchOptions())) is asked


def test_what_cannot_be_fetched_refuses_the_request():
    with pytest.raises(NotFetched, match="/2 is not there"):
        asyncio.run(
            inlined(
                asking("https://a.example/1", "https://a.example/2"),
                Shelf({"https://a.example/1": b""}),
                FetchOptions(),
            )
        )


def test_all_of_a_request_together_has_limits():
    many = asking(*(f"https://a.example/{n}" for n in range(4)))
    shelf = Shelf({f"https://a.example/{n}": b"x" * 10 for n in range(4)})
    with pytest.raises(NotFetched, match="4 URLs; at most 3"):
        asyncio.run(inlined(many, shelf, FetchOptions(count=3)))
    assert shelf.asked == []
    with pytest.raises(NotFetched, match="more than 30 bytes"):
        asyncio.run(inlined(many, shelf, FetchOptions(total=30)))
