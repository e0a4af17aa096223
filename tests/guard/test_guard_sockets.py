"""The guard at sockets and loops, call by call: datagrams, lookups, programs, and how it is put in and taken out."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
from socket import getaddrinfo as by_name

import pytest
from ways_out import raw, uv

import tokentape
from tokentape import guard
from tokentape.errors import NetworkBlocked, TokentapeWarning
from tokentape.guard.programs import name_of

OUT = ("192.0.2.1", 53)


def none(tape):
    return tokentape.use_cassette(tape, mode="none", record="llm")


def udp(send):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        send(one)


DATAGRAMS = {
    "sendto": lambda one: one.sendto(b"x", OUT),
    "sendto with flags": lambda one: one.sendto(b"x", 0, OUT),
    "sendmsg": lambda one: one.sendmsg([b"x"], [], 0, OUT),
    "connect": lambda one: one.connect(OUT),
    "bytes": lambda one: one.sendto(b"x", (b"192.0.2.1", 53)),
}


@pytest.mark.parametrize("name", DATAGRAMS)
def test_datagrams_are_held_back(tape, name):
    with pytest.raises(NetworkBlocked, match=r"192\.0\.2\.1:53"), none(tape):
        udp(DATAGRAMS[name])


def test_datagrams_within_this_machine_pass(tape):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, none(tape):
        server.bind(("127.0.0.1", 0))
        udp(lambda one: one.sendto(b"a", server.getsockname()))
        udp(lambda one: one.sendmsg([b"b"], [], 0, server.getsockname()))
        assert {server.recv(1), server.recv(1)} == {b"a", b"b"}


@pytest.mark.parametrize("run", [asyncio.run, uv], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize(
    "options", [{"remote_addr": OUT}, {"local_addr": ("0.0.0.0", 0)}], ids=["connected", "open"]
)
def test_datagrams_of_a_loop_are_held_back(tape, run, options):
    """asyncio gives the error to the protocol or its log, where nobody may look: it is kept all the same."""

    async def send():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *_: None)
        transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, **options)
        with contextlib.suppress(Exception):
            transport.sendto(b"x", OUT)
        transport.close()
        await asyncio.sleep(0)

    with pytest.raises(NetworkBlocked), none(tape):
        run(send())


@pytest.mark.parametrize("run", [asyncio.run, uv], ids=["asyncio", "uvloop"])
def test_datagrams_of_a_loop_within_this_machine_pass(tape, run):
    class Catch(asyncio.DatagramProtocol):
        def datagram_received(self, data, addr):
            came.set_result(data)

    async def send():
        nonlocal came
        loop = asyncio.get_running_loop()
        came = loop.create_future()
        server, _ = await loop.create_datagram_endpoint(Catch, local_addr=("127.0.0.1", 0))
        there = server.get_extra_info("sockname")
        client, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=there)
        client.sendto(b"x")
        assert await asyncio.wait_for(came, 10) == b"x"
        client.close()
        server.close()
        await asyncio.sleep(0)

    came = None
    with none(tape):
        run(send())


LOOKUPS = {
    "getaddrinfo": lambda: socket.getaddrinfo("example.invalid", 80),
    "getaddrinfo by keyword": lambda: socket.getaddrinfo(host="example.invalid", port=80),
    "getaddrinfo of bytes": lambda: socket.getaddrinfo(b"example.invalid", 80),
    "imported by name": lambda: by_name("example.invalid", 80),
    "gethostbyname": lambda: socket.gethostbyname("example.invalid"),
    "gethostbyname_ex": lambda: socket.gethostbyname_ex("example.invalid"),
    "gethostbyaddr": lambda: socket.gethostbyaddr("example.invalid"),
    "getnameinfo": lambda: socket.getnameinfo(OUT, 0),
    "getfqdn": lambda: socket.getfqdn("example.invalid"),
}


@pytest.mark.parametrize("name", LOOKUPS)
def test_lookups_are_held_back(tape, name):
    with pytest.raises(NetworkBlocked, match=r"example\.invalid|192\.0\.2\.1"), none(tape):
        LOOKUPS[name]()


@pytest.mark.parametrize("run", [asyncio.run, uv], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("name", ["getaddrinfo", "getnameinfo", "sock_connect"])
def test_lookups_and_sockets_of_a_loop_are_held_back(tape, run, name):
    async def look():
        loop = asyncio.get_running_loop()
        if name == "getaddrinfo":
            await loop.getaddrinfo("example.invalid", 80)
        elif name == "getnameinfo":
            await loop.getnameinfo(OUT)
        else:
            with socket.socket() as one:
                one.setblocking(False)
                await loop.sock_connect(one, OUT)

    with pytest.raises(NetworkBlocked), none(tape):
        run(look())


@pytest.mark.parametrize("run", [asyncio.run, uv], ids=["asyncio", "uvloop"])
def test_what_needs_nobody_is_answered(tape, run):
    async def look():
        loop = asyncio.get_running_loop()
        await loop.getaddrinfo("localhost", 80)
        await loop.getaddrinfo("192.0.2.1", 80)
        await loop.getaddrinfo(None, 80)
        await loop.getnameinfo(OUT, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)

    with none(tape):
        run(look())
        assert socket.getnameinfo(OUT, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV) == ("192.0.2.1", "53")
        assert socket.gethostbyname("192.0.2.1") == "192.0.2.1"


def test_a_socket_that_may_not_connect_is_closed(tape):
    """Libraries close it themselves for an OSError only."""
    one = socket.socket()
    with contextlib.suppress(NetworkBlocked), none(tape):
        one.connect(OUT)
    assert one.fileno() == -1


# Programs


def test_a_program_is_noted_and_runs(tape):
    with none(tape) as deck:
        subprocess.run([sys.executable, "-c", ""], check=True)
        os.system("true")
        asyncio.run(run_true())
    name = os.path.splitext(os.path.basename(sys.executable))[0]
    assert [note.partition(":")[0] for note in deck.notes] == [f"started {name}", "started true"]


async def run_true():
    process = await asyncio.create_subprocess_exec("true")
    assert await process.wait() == 0


def test_a_program_of_uvloop_is_noted(tape):
    with none(tape) as deck:
        uv(run_true())
    assert deck.notes == ["started true: what another program sends is not seen"]


@pytest.mark.parametrize("mode", ["none", "all"])
def test_a_program_that_asks_models_is_a_warning(tape, outside, mode):
    claude = outside / "claude"
    claude.write_text("#!/bin/sh\n")
    claude.chmod(0o755)
    with pytest.warns(TokentapeWarning, match=r"claude was started.*ANTHROPIC_BASE_URL"):
        with tokentape.use_cassette(tape, mode=mode):
            subprocess.run([str(claude)], check=True)


def test_a_program_that_fetches_is_a_warning_where_nothing_may_go_out(tape):
    with pytest.warns(TokentapeWarning, match="curl was started"), none(tape):
        with contextlib.suppress(OSError):
            subprocess.run(["curl", "--version"], capture_output=True, check=False)
    with tokentape.use_cassette(tape, mode="all"), contextlib.suppress(OSError):
        subprocess.run(["curl", "--version"], capture_output=True, check=False)


@pytest.mark.parametrize(
    ("args", "name"),
    [
        (["/usr/bin/git", "status"], "git"),
        ("git status", "git"),
        ("LANG=C /opt/tools/claude -p hello", "claude"),
        (b"/bin/ls", "ls"),
        (["tool.exe"], "tool"),
        ("it's", "it's"),
        ([], "?"),
        ("", "?"),
        (7, "?"),
    ],
)
def test_the_name_of_a_program(args, name):
    assert name_of(args) == name


# In and out


def places():
    import asyncio.base_events as events

    found = [vars(socket.socket).get(name) for name in ("connect", "connect_ex", "sendto", "sendmsg")]
    found += [
        socket._socket.getaddrinfo,
        socket.gethostbyname,
        socket.getnameinfo,
        subprocess.Popen.__init__,
        os.system,
    ]
    found += [events.BaseEventLoop.create_connection, events.BaseEventLoop.getaddrinfo]
    if "uvloop" in sys.modules:
        found += [sys.modules["uvloop"].Loop.create_connection, sys.modules["uvloop"].Loop.subprocess_exec]
    return found


def test_everything_is_put_back_at_the_last_release(tape):
    before = places()
    with none(tape):
        inside = places()
        with none(tape):
            assert places() == inside
        assert places() == inside
    assert places() == before
    assert not set(map(id, filter(None, before))) & set(map(id, inside))


def test_more_releases_than_holds_do_nothing(tape):
    before = places()
    guard.release()
    with none(tape):
        pass
    guard.release()
    assert places() == before


def test_what_others_put_over_ours_stays_and_ours_sleeps_under_it(tape, abroad):
    with none(tape):
        ours = socket.socket.connect

        def theirs(self, address):
            return ours(self, address)

        socket.socket.connect = theirs
    assert socket.socket.connect is theirs
    try:
        raw(abroad.url)
        assert abroad.count == 1
        with pytest.raises(NetworkBlocked), none(tape):
            raw(abroad.url)
        assert socket.socket.connect is theirs
        assert abroad.count == 0
    finally:
        socket.socket.connect = ours
        with none(tape):
            pass
    assert "connect" not in vars(socket.socket)
    with pytest.raises(NetworkBlocked), none(tape):
        raw(abroad.url)


def test_blocks_of_many_threads_at_once(tape):
    before = places()
    failed = []

    def work():
        for _ in range(20):
            try:
                with none(tape):
                    with contextlib.suppress(NetworkBlocked):
                        raw("http://192.0.2.1:9/")
                        failed.append("went out")
                failed.append("was not told")
            except NetworkBlocked:
                pass

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert places() == before


def test_nothing_is_imported_for_it(outside):
    program = """
import sys, tokentape
with tokentape.use_cassette("a.json", mode="once"):
    pass
assert not {"asyncio", "uvloop", "ssl", "subprocess"} & set(sys.modules)
with tokentape.use_cassette("a.json", mode="none"):
    import socket
    try:
        socket.create_connection(("example.invalid", 80))
    except Exception as error:
        assert type(error).__name__ == "NetworkBlocked"
        print("blocked")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "blocked\n"
    assert "NetworkBlocked" in done.stderr


def exec_in_a_child():
    if (child := os.fork()) == 0:
        try:
            os.execv("/bin/true", ["true"])
        finally:
            os._exit(9)
    assert os.waitpid(child, 0)[1] == 0


def worker(method):
    from multiprocessing import get_context

    process = get_context(method).Process(target=os.getpid)
    process.start()
    process.join()


@pytest.mark.skipif(not hasattr(os, "posix_spawn"), reason="POSIX")
@pytest.mark.parametrize(
    ("start", "name"),
    [
        (lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0), "true"),
        (lambda: os.spawnv(os.P_WAIT, "/bin/true", ["true"]), "true"),
        (lambda: os.spawnlp(os.P_WAIT, "true", "true"), "true"),
        (lambda: worker("spawn"), "python"),
    ],
    ids=["posix_spawn", "spawnv", "spawnlp", "multiprocessing"],
)
def test_programs_started_past_subprocess_are_noted_too(tape, start, name):
    with tokentape.use_cassette(tape, mode="none") as deck:
        start()
    assert [note.partition(":")[0].rstrip("0123456789.") for note in deck.notes] == [f"started {name}"]


def test_a_child_that_becomes_another_program_goes_on(tape):
    with tokentape.use_cassette(tape, mode="none"):
        exec_in_a_child()
