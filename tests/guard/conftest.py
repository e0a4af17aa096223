"""A cassette to be in force, and a server of this machine at an address that is not loopback."""

from __future__ import annotations

import contextlib
import socket
import threading

import pytest

import tokentape


@pytest.fixture(autouse=True)
def _outside(outside):
    """No setting from the machine that runs the tests."""


@pytest.fixture
def tape(outside):
    """The path of a cassette that was recorded, with nothing in it."""
    path = outside / "tape.json"
    with tokentape.use_cassette(path, mode="once"):
        pass
    return path


def own_address():
    """An address of this machine that is not loopback, or None; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith("127.") or address == "0.0.0.0" else address


class Outside:
    """Listens at an address that the guard holds to be outside, and counts who came."""

    def __init__(self, address):
        self.listener = socket.create_server((address, 0))
        self.listener.setblocking(False)
        self.host, self.port = self.listener.getsockname()
        self.url = f"http://{self.host}:{self.port}/"

    @property
    def count(self):
        """How many came and were not answered."""
        found = 0
        while True:
            try:
                self.listener.accept()[0].close()
            except BlockingIOError:
                return found
            found += 1

    @contextlib.contextmanager
    def answers(self):
        """Answer the one who comes next; the result is what they sent first."""
        came = []

        def answer():
            with contextlib.suppress(OSError), self.listener.accept()[0] as one:
                came.append(one)
                one.settimeout(10)
                if one.recv(4096):
                    one.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        self.listener.settimeout(10)
        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield came
        except BaseException:  # it failed, or is skipped: nobody will come
            self.listener.shutdown(socket.SHUT_RDWR)
            raise
        finally:
            thread.join(10)
            self.listener.setblocking(False)


@pytest.fixture
def abroad():
    address = own_address()
    if address is None:
        pytest.skip("this machine has no address but loopback")
    place = Outside(address)
    yield place
    place.listener.close()
