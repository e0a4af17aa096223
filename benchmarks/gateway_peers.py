"""Servers as processes: how each is started, when it answers, what memory and which connections it has."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.environments import python_of

PROXY = "litellm[proxy]==1.106.2"
TOKENTAPE = "import sys; from tokentape.cli.main import main; sys.exit(main())"
KEY = "sk-benchmark-0123456789"
CHAT, MESSAGES = "gpt-5-mini", "claude-haiku-4-5"
SLOW = "slow-model"
"""A model that takes its time, so that a client can leave while it speaks."""

NOTHING = "[record]\nenabled = false\n[trace]\nenabled = false\n[usage]\nenabled = false\n"
UNRECORDED = "[record]\nenabled = false\n"
ALL = '[record]\nmode = "all"\n'
RECORDING = '[record]\nmode = "all"\n[trace]\nenabled = false\n[usage]\nenabled = false\n'
PAGE_SIZE = 4096
_TIME_WAIT = "06"


@dataclass(frozen=True, slots=True)
class Kind:
    """How to start a server: a command, in which PORT stands for its port, and the page that says it is there."""

    command: tuple[str, ...]
    page: str = "/health"
    patience: float = 20.0


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers. `start`: the seconds from its command to its first answer."""

    pid: int
    port: int
    start: float

    def memory(self) -> float:
        """Resident megabytes of it and its children; NaN where the system does not tell."""
        with suppress(OSError):
            return sum(map(_resident, _family(self.pid))) / 1e6
        return float("nan")

    def connections(self, port: int) -> int:
        """Its sockets that lead, or led, to a port."""
        mine = {place for pid in _family(self.pid) for place in _files(pid)}
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        there = (row for row in rows if row[2].endswith(f":{port:04X}") and row[3] != _TIME_WAIT)
        return sum(f"socket:[{row[9]}]" in mine for row in there)


def _files(pid: int) -> Iterator[str]:
    """What a process has open; it may close some of it meanwhile."""
    with suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                yield os.readlink(f"/proc/{pid}/fd/{name}")


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in os.listdir(f"/proc/{pid}/task"):
        for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
            yield from _family(int(child))


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_SIZE


def mock(patience: int) -> Kind:
    """The provider; it keeps an idle connection for so many seconds."""
    return Kind((sys.executable, "-m", "benchmarks.gateway_servers", "mock", "PORT", str(patience)))


def bare(upstream: int) -> Kind:
    """The pass-through to compare with."""
    return Kind((sys.executable, "-m", "benchmarks.gateway_servers", "bare", "PORT", str(upstream)))


def ours(upstream: int, kept: str, folder: Path) -> Kind:
    """`tokentape serve`, before an upstream that speaks Chat, and one that speaks Messages. `kept` says what is
    recorded, traced and counted.
    """
    file = folder / "gateway.toml"
    file.write_text(
        f'default = "chat"\n{kept}'
        f'[upstreams.chat]\ndialect = "openai.chat"\nbase_url = "http://127.0.0.1:{upstream}/v1"\n'
        'keys = ["env:BENCHMARK_KEY"]\n'
        f'[upstreams.messages]\ndialect = "anthropic.messages"\nbase_url = "http://127.0.0.1:{upstream}"\n'
        f'keys = ["env:BENCHMARK_KEY"]\nmodels = ["{MESSAGES}"]\n'
    )
    return Kind((sys.executable, "-c", TOKENTAPE, "serve", "--config", str(file), "--port", "PORT"))


def litellm_program() -> str | None:
    """LiteLLM's proxy; None where it cannot be installed."""
    python = python_of(PROXY)
    return str(Path(python).with_name("litellm")) if python is not None else None


def litellm(upstream: int, program: str, folder: Path) -> Kind:
    """It, before the same upstream, without a database and without keys for clients."""
    file = folder / "litellm.yaml"
    file.write_text(
        f"model_list:\n  - model_name: {CHAT}\n    litellm_params:\n      model: openai/{CHAT}\n"
        f"      api_base: http://127.0.0.1:{upstream}/v1\n      api_key: {KEY}\n"
        "litellm_settings:\n  telemetry: false\n"
        "general_settings:\n  dangerously_permit_weak_or_unset_master_key: true\n"
    )
    command = (program, "--config", str(file), "--host", "127.0.0.1", "--port", "PORT", "--num_workers", "1")
    return Kind(command, "/health/liveliness", 180.0)


class Place:
    """Servers, each in a folder of its own, until it is closed."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def serve(self, kind: Callable[[Path], Kind]) -> Server:
        """Start one, and wait until it answers."""
        folder = Path(self._stack.enter_context(TemporaryDirectory(ignore_cleanup_errors=True)))
        return self._stack.enter_context(_served(kind(folder), folder))

    def __enter__(self) -> Place:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


@contextmanager
def _served(kind: Kind, folder: Path) -> Iterator[Server]:
    """The server, until the block ends. What it writes goes to a file in `folder`, where it also runs."""
    port = _free_port()
    command = [str(port) if part == "PORT" else part for part in kind.command]
    with (folder / f"{port}.log").open("w+") as log:
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=_environment(), stdout=log, stderr=log)
        try:
            until = begun + kind.patience
            while not _answers(port, kind.page):
                if process.poll() is not None or time.perf_counter() > until:
                    log.seek(0)
                    raise RuntimeError(f"{' '.join(command)} does not answer: {log.read()[-2000:]}")
                time.sleep(0.002)
            yield Server(process.pid, port, time.perf_counter() - begun)
        finally:
            process.kill()
            process.wait()


def _environment() -> Mapping[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("TOKENTAPE_")}
    paths = [str(Path(__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    more = {"BENCHMARK_KEY": KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}
    return {**own, **more, "PYTHONPATH": os.pathsep.join(paths), "NO_PROXY": "127.0.0.1"}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _answers(port: int, page: str) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as asking:
        asking.sendall(f"GET {page} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        return asking.recv(64).startswith(b"HTTP/1.1 200")
    return False
