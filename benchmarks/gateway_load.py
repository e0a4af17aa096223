"""Load for a server: what is asked, and how it went. Who asks is `gateway_clients`, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass

WORDS = "word " * 380
"""Makes a request of 2 KB."""

PLACE = b"NNNNNNNNNN"


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked: for `seconds`, or `requests` of them if that is not 0. Each has another number in its body,
    from `number` on. `leaves`: the clients go away once a reply has begun.
    """

    port: int
    model: str
    stream: bool = False
    connections: int = 32
    seconds: float = 0.0
    requests: int = 0
    number: int = 0
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whole replies with status 200, and others; seconds; the medians in milliseconds until a reply was there,
    and until its body began.
    """

    done: int
    failed: int
    seconds: float
    median: float
    first: float
    problem: str = ""

    @property
    def rate(self) -> float:
        """Replies a second."""
        return self.done / self.seconds


def load(job: Job) -> Outcome:
    """Ask, from another process. Raises `RuntimeError` where anything failed: its figures would mean nothing."""
    command = [sys.executable, "-m", "benchmarks.gateway_clients", json.dumps(asdict(job))]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    outcome = Outcome(**json.loads(ran.stdout))
    if outcome.failed or not outcome.done:
        asked = outcome.done + outcome.failed
        raise RuntimeError(f"{job}: {outcome.failed} of {asked} requests failed: {outcome.problem}")
    return outcome


def request_of(job: Job) -> tuple[bytes, bytes]:
    """A Chat request before and after its number."""
    question = {"role": "user", "content": f"{PLACE.decode()} {WORDS}"}
    fields = {"model": job.model, "messages": [{"role": "system", "content": "Be brief."}, question]}
    body = json.dumps({**fields, "stream": job.stream}, separators=(",", ":")).encode()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{job.port}\r\n"
        "Content-Type: application/json\r\n"
        "Authorization: Bearer sk-benchmark-0123456789\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    before, _, after = (head.encode() + body).partition(PLACE)
    return before, after
