"""Running the gateway: uvicorn, in one process or several."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.supervisors import Multiprocess

from tokentape.errors import UsageError
from tokentape.gateway.asgi import BrokenReply
from tokentape.gateway.logs import log_to_stderr
from tokentape.log import log

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from tokentape.gateway.app import Gateway
    from tokentape.gateway.config.loading import Source
    from tokentape.gateway.config.settled import Config, Serving

    App = Gateway | Callable[[], Gateway]

_FRAME = 64 << 20
"""Bytes of a WebSocket message that uvicorn takes; the state's own bound is told as an error frame."""


def run(config: Config, *, source: Source, guide: Callable[[str], list[str]] | None = None) -> int:
    """Serve until a signal ends it; the exit code. Raises `UsageError` where the address cannot be taken.
    `guide` gives lines to print, once the URL is known.

    SIGTERM and SIGINT finish what is under way, for at most `grace` seconds; SIGHUP reads the
    configuration again. Each of several processes reads it for itself.
    """
    serving = config.serving
    listening = bound(serving.host, serving.port)
    host = f"[{serving.host}]" if ":" in serving.host else serving.host
    url = f"http://{host}:{listening.getsockname()[1]}"
    _say(f"tokentape: listening on {url}")
    near = url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
    for line in guide(near) if guide is not None else ():
        _say(line)
    if serving.workers > 1:
        plan = plan_of(Worker(source), serving, is_factory=True)
        Workers(plan, sockets=[listening]).run()
        return 0
    from tokentape.gateway.assembling import gateway_of

    server = Server(plan_of(gateway_of(config, source), serving))
    settle_memory()
    server.run(sockets=[listening])
    return 0 if server.started else 1


class Server(uvicorn.Server):
    """One process. Who ends it while streams run is told what it waits for, and how to end it at once."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal lets streams finish, a second one does not."""
        if self.should_exit:
            # What is under way is cancelled, each with a traceback that says no more than that.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
            _say("tokentape: ended at once; what was under way was cut")
        elif running := len(self.server_state.tasks):
            calls = "1 call" if running == 1 else f"{running} calls"
            most = self.config.timeout_graceful_shutdown
            _say(f"tokentape: ending; {calls} may finish, for at most {most} s (Ctrl-C again: at once)")
        super().handle_exit(sig, frame)


class Workers(Multiprocess):
    """Several processes. At SIGHUP each reads the configuration again, and goes on with the old one where
    that is refused; nothing is started anew.
    """

    def handle_hup(self) -> None:
        """Pass the signal on."""
        for process in self.processes:
            if process.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Worker:
    """Makes the application in a process of its own: what crosses to it is where the configuration is."""

    source: Source

    def __call__(self) -> Gateway:
        """The application."""
        from tokentape.gateway.assembling import gateway_of

        config = self.source.load()
        log_to_stderr(config.serving.log_level)
        app = gateway_of(config, self.source)
        log.info("%s: the configuration is in force", config.path)
        settle_memory()
        return app


def plan_of(app: App, serving: Serving, *, is_factory: bool = False) -> uvicorn.Config:
    """How uvicorn serves the application."""
    config = uvicorn.Config(
        app,
        host=serving.host,
        port=serving.port,
        workers=serving.workers,
        factory=is_factory,
        loop="auto",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=_FRAME,
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=max(1, round(serving.grace)),
        limit_concurrency=serving.connections,
    )
    logging.getLogger("uvicorn.error").addFilter(is_news)
    return config


def is_news(record: logging.LogRecord) -> bool:
    """False for the traceback of a reply that was cut on purpose: what broke it is told elsewhere."""
    return not (record.exc_info and isinstance(record.exc_info[1], BrokenReply))


def bound(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `UsageError` where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        problem = str(error)
        if isinstance(error, OSError) and error.errno:
            problem = os.strerror(error.errno)  # asyncio and socket add the address to theirs
        raise UsageError(f"cannot listen on {host}:{port}: {problem}; choose another --port") from None
    # Connections inherit it. asyncio sets it only where a socket names its protocol, which this one does not;
    # without, a head and its body that are written one after the other are 40 ms apart.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listening.set_inheritable(True)
    return listening


def settle_memory() -> None:
    """What was made so far stays: the collector need not look at it with each call (it would, often: a call
    makes some hundred objects, nearly all of which go by themselves).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
