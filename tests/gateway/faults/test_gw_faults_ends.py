"""The end of a gateway: in good order, and by `kill -9`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import httpx
import pytest
from fault_kit import WAYS, asks, post, raw_request, recordings, stood, text_of, until

from tokentape.testing.provider.faults import stall

EACH = pytest.mark.parametrize("way", WAYS)


@EACH
def test_streams_are_finished(provider, tmp_path, way):
    """Who is being answered is answered; nobody else is let in."""
    go_on = threading.Event()
    provider.answers("One two three four.", change=stall(go_on, after=4))
    replies = []
    with stood(way, provider, tmp_path / "tapes") as gateway:
        asking = threading.Thread(target=lambda: replies.append(post(gateway, asks())))
        asking.start()
        provider.wait_for(1)
        gateway.server.should_exit = True
        until(lambda: is_closed(gateway))
        go_on.set()
        asking.join(20)
    assert text_of(replies[0]) == "One two three four."
    if way == "recorded":
        (taped,) = recordings(tmp_path / "tapes")
        assert taped.response.body == replies[0].content


def is_closed(gateway):
    try:
        httpx.get(f"{gateway.url}/health", timeout=5)
    except httpx.TransportError:
        return True
    return False


def test_a_stream_that_never_ends_is_cut(provider, tmp_path):
    """After the grace it is over, and what came is kept."""
    import socket

    root = tmp_path / "tapes"
    provider.answers("One two three four.", change=stall(None, after=4))
    with stood("recorded", provider, root) as gateway:
        gateway.server.config.timeout_graceful_shutdown = 1
        with socket.create_connection(("127.0.0.1", gateway.port)) as peer:
            peer.settimeout(20)
            peer.sendall(raw_request(asks()))
            seen = b""
            while seen.count(b"data: ") < 2:
                seen += peer.recv(4096)
            gateway.server.should_exit = True
            while data := peer.recv(4096):
                seen += data
    assert not seen.endswith(b"0\r\n\r\n")
    (taped,) = recordings(root)
    assert b"One" in taped.response.body


CONFIG = """
[record]
root = {root}
cassette = "killed"
mode = "{mode}"

[upstreams.up]
dialect = "openai.chat"
base_url = "{url}"
auth = "none"
models = ["*"]
"""


@contextmanager
def serving(tmp_path, url, mode):
    """`tokentape serve` in a process of its own; its URL and the process."""
    path = tmp_path / f"{mode}.toml"
    path.write_text(CONFIG.format(root=json.dumps(str(tmp_path / "tapes")), url=url, mode=mode))
    command = [sys.executable, "-m", "tokentape.cli.main", "serve", "--config", str(path), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as child:
        try:
            line = child.stdout.readline()
            assert "http://" in line, child.stderr.read()
            yield line[line.index("http://") :].split()[0], child
        finally:
            child.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_amid_recording(provider, tmp_path):
    """What a client has in whole is on tape, whatever happens to the gateway then."""
    pytest.importorskip("pydantic")
    answered = []
    with serving(tmp_path, provider.url, "new_episodes") as (url, child):
        enough = threading.Event()

        def ask(worker):
            with httpx.Client(base_url=url, timeout=20) as client:
                for number in range(1000):
                    body = asks(f"Worker {worker}, number {number}", stream=number % 2 == 0)
                    try:
                        reply = client.post("/v1/chat/completions", json=body)
                    except httpx.TransportError:
                        return
                    assert reply.status_code == 200
                    answered.append((body, reply.content))
                    if len(answered) >= 40:
                        enough.set()

        workers = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for worker in workers:
            worker.start()
        assert enough.wait(60)
        child.send_signal(signal.SIGKILL)
        for worker in workers:
            worker.join(20)
    count = provider.count
    assert len(answered) >= 40
    with (
        serving(tmp_path, provider.url, "none") as (url, _),
        httpx.Client(base_url=url, timeout=20) as client,
    ):
        for body, content in answered:
            again = client.post("/v1/chat/completions", json=body)
            assert (again.status_code, again.content) == (200, content)
    assert provider.count == count
