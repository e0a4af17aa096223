"""Workers as processes: they share one file, and are killed."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tokentape.testing.provider import Provider
from tokentape.testing.provider.faults import interrupted
from tokentape.testing.provider.script import Stall

httpx = pytest.importorskip("httpx")
pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
pytest.importorskip("httptools")


WORKER = Path(__file__).parent / "gw_responses_worker.py"


@contextmanager
def worker(provider, store):
    command = [sys.executable, str(WORKER), f"{provider.url}/v1", f"sqlite:{store}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().strip()
        assert url, "the worker did not start"
        with httpx.Client(base_url=url, timeout=30) as client:
            client.process = process
            yield client
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def provider():
    with Provider(gap=0) as running:
        yield running


@pytest.fixture
def store(tmp_path):
    return tmp_path / "responses.db"


def made(client, **body):
    return client.post("/v1/responses", json={"model": "m", "input": "hi", **body}).json()


def until_done(client, identity):
    while True:
        found = client.get(f"/v1/responses/{identity}").json()
        if found["status"] not in ("queued", "in_progress"):
            return found
        time.sleep(0.01)


def test_killed_and_started_again_nothing_acknowledged_is_lost(provider, store):
    acknowledged = []
    enough = threading.Event()

    def ask(client, number):
        try:
            for turn in range(200):
                acknowledged.append(made(client, input=f"{number}/{turn}")["id"])
                if len(acknowledged) > 40:
                    enough.set()
        except httpx.TransportError:
            return

    with worker(provider, store) as client:
        with ThreadPoolExecutor(4) as pool:
            for number in range(4):
                pool.submit(ask, client, number)
            assert enough.wait(60)
            client.process.kill()
    with worker(provider, store) as client:
        for identity in acknowledged:
            found = client.get(f"/v1/responses/{identity}")
            assert (found.status_code, found.json()["status"]) == (200, "completed")
        assert made(client, previous_response_id=acknowledged[0])["status"] == "completed"


def test_jobs_of_a_killed_worker_are_failed_by_the_next(provider, store):
    provider.delay_by(lambda seen: 30.0)
    with worker(provider, store) as client:
        identity = made(client, background=True)["id"]
        provider.wait_for(1)
        client.process.kill()
        client.process.wait()
    provider.delay_by(None)
    with worker(provider, store) as client:
        found = client.get(f"/v1/responses/{identity}").json()
        assert found["status"] == "failed"
        assert "ended before it was complete" in found["error"]["message"]
        again = client.post(f"/v1/responses/{identity}/cancel").json()
        assert again["status"] == "failed"


def test_a_stream_that_was_seen_to_begin_is_there_after_the_kill(provider, store):
    provider.changes(interrupted(Stall(30.0), after=4))
    with worker(provider, store) as client:
        body = {"model": "m", "input": "hi", "stream": True}
        with client.stream("POST", "/v1/responses", json=body) as reply:
            first = next(line for line in reply.iter_lines() if line.startswith("data: "))
            client.process.kill()
    identity = first.split('"id":"resp_')[1].split('"')[0]
    with worker(provider, store) as client:
        assert client.get(f"/v1/responses/resp_{identity}").json()["status"] == "failed"


def test_workers_share_responses_and_jobs(provider, store):
    with ExitStack() as stack:
        clients = [stack.enter_context(worker(provider, store)) for _ in range(3)]
        previous = None
        for turn in range(6):
            client = clients[turn % 3]
            previous = made(client, input=f"turn {turn}", previous_response_id=previous)["id"]
        body = provider.requests[-1].body
        assert all(f"turn {turn}".encode() in body for turn in range(6))
        job = made(clients[0], background=True)["id"]
        assert until_done(clients[1], job)["status"] == "completed"
        with clients[2].stream("GET", f"/v1/responses/{job}?stream=true&starting_after=0") as reply:
            lines = [line for line in reply.iter_lines() if line.startswith("event: ")]
        assert lines[0] == "event: response.queued"
        assert lines[-1] == "event: response.completed"


def test_a_job_is_cancelled_from_another_process(provider, store):
    provider.delay_by(lambda seen: 30.0)
    with worker(provider, store) as one, worker(provider, store) as two:
        identity = made(one, background=True)["id"]
        provider.wait_for(1)
        while not provider.open_connections:
            time.sleep(0.01)
        assert two.post(f"/v1/responses/{identity}/cancel").json()["status"] == "cancelled"
        while provider.open_connections:
            time.sleep(0.01)
        assert one.get(f"/v1/responses/{identity}").json()["status"] == "cancelled"


@pytest.mark.skipif(os.name == "nt", reason="modes of files are another thing there")
def test_nobody_else_reads_the_file(provider, store):
    with worker(provider, store) as client:
        made(client)
        files = list(store.parent.glob("responses.db*"))
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
