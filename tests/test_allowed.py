"""`allow_hosts`: what an entry covers, and what is none."""

from __future__ import annotations

import pytest

from tokentape.allowed import Allowed, is_loopback
from tokentape.errors import UsageError

COVERS = [
    ("db.example.com", "db.example.com", 5432, True),
    ("DB.Example.com.", "db.example.COM", 1, True),
    ("db.example.com", "x.db.example.com", 1, False),
    ("db.example.com", "db.example.com.example.net", 1, False),
    ("db.example.com:5432", "db.example.com", 5432, True),
    ("db.example.com:5432", "db.example.com", 80, False),
    ("db.example.com:5432", "db.example.com", None, True),
    ("*.example.com", "a.b.example.com", 1, True),
    ("*.example.com", "example.com", 1, False),
    ("*.example.com", "badexample.com", 1, False),
    ("*.example.com:443", "a.example.com", 80, False),
    ("*", "anything.at.all", 1, True),
    ("*", "192.0.2.1", 1, True),
    ("*:443", "192.0.2.1", 80, False),
    ("10.0.0.0/8", "10.1.2.3", 1, True),
    ("10.0.0.0/8", "11.1.2.3", 1, False),
    ("10.0.0.0/8", "ten.example.com", 1, False),
    ("10.1.2.3/8", "10.9.9.9", 1, True),
    ("10.0.0.0/8:22", "10.1.2.3", 80, False),
    ("192.0.2.1", "192.0.2.1", 1, True),
    ("192.0.2.1:80", "192.0.2.1", 81, False),
    ("2001:db8::1", "2001:db8:0:0::1", 1, True),
    ("[2001:db8::1]:443", "2001:db8::1", 443, True),
    ("[2001:db8::1]:443", "2001:db8::1", 80, False),
    ("2001:db8::/32", "2001:db8::77", 1, True),
    ("2001:db8::/32", "10.0.0.1", 1, False),
    ("my_service", "my_service", 1, True),
]


@pytest.mark.parametrize(("entry", "host", "port", "covered"), COVERS)
def test_what_an_entry_covers(entry, host, port, covered):
    assert Allowed([entry]).permits(host, port) is covered


def test_nothing_covers_nothing():
    assert not Allowed()
    assert not Allowed().permits("localhost", 1)


def test_one_text_is_one_entry():
    assert Allowed("a.example.com").permits("a.example.com", 1)


@pytest.mark.parametrize(
    "entry",
    [
        "https://a.example.com",
        "",
        " ",
        "a b",
        "*example.com",
        "a:port",
        "a:99999",
        "10.0.0.0/99",
        "a*b",
        "x/y",
    ],
)
def test_what_is_no_entry(entry):
    with pytest.raises(UsageError, match="is no host; write"):
        Allowed([entry])


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.9.9.9", "127.1", "2130706433", "0x7f.1", "::1", "[::1]", "0.0.0.0", "::", "::ffff:127.0.0.1", "", "ip6-localhost"],
)  # fmt: skip
def test_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["localhost.example.com", "128.0.0.1", "10.0.0.1", "192.168.1.1", "fe80::1%eth0", "example.com", "::ffff:8.8.8.8", "1270.0.0.1"]
)  # fmt: skip
def test_not_this_machine(host):
    assert not is_loopback(host)
