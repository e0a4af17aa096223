"""A gateway on a loopback port, in a thread of its own, as tests hold it."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager

import uvicorn

from tokentape.gateway.app import Gateway
from tokentape.gateway.config.settled import Serving
from tokentape.gateway.lasting import Lasting
from tokentape.gateway.responses.options import StateOptions
from tokentape.gateway.routing import Router
from tokentape.gateway.server import bound, plan_of
from tokentape.gateway.services import Services, Setup
from tokentape.gateway.tapes import RecordOptions
from tokentape.gateway.trace.options import TraceOptions
from tokentape.gateway.usage.options import UsageOptions
from tokentape.upstreams.aiohttp_sender import AiohttpSender
from tokentape.upstreams.auth.nothing import NoAuth
from tokentape.upstreams.upstream import Upstream

NO_TAPE = RecordOptions(cassette=None)
NO_TRACE = TraceOptions(enabled=False)
IN_MEMORY = StateOptions()
NO_USAGE = UsageOptions(directory=None)


def upstream(url, dialect="openai.chat", name="up", **more):
    """An upstream without a key, as local servers are."""
    return Upstream(name, dialect, url, NoAuth(), **more)


def setup(*upstreams, default=None, **more):
    """A configuration: its upstreams, and the one for names that lead nowhere else."""
    return Setup(Router(upstreams, default=default or upstreams[0].name), **more)


class Running:
    """`url` is where clients are pointed at."""

    def __init__(self, made):
        self.made = made
        self._sockets = [bound("127.0.0.1", 0)]
        self.port = self._sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._ready = threading.Event()
        self.problem = None

    def __enter__(self):
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 20
        while not (self._ready.is_set() and (self.problem or self.server.started)):
            if time.monotonic() > deadline:
                raise TimeoutError("the gateway did not start")
            time.sleep(0.005)
        if self.problem:
            raise self.problem
        return self

    def _run(self):
        try:
            with asyncio.Runner() as runner:
                runner.run(self._serve())
        except BaseException as error:
            self.problem = error
            self._ready.set()

    async def _serve(self):
        self.loop = asyncio.get_running_loop()
        self.services = self.made()
        self.server = uvicorn.Server(plan_of(Gateway(self.services), Serving(port=self.port, grace=5)))
        self.server.install_signal_handlers = lambda: None
        self._ready.set()
        await self.server.serve(self._sockets)

    def call(self, coroutine):
        """Run a coroutine in the gateway's own loop; its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(20)

    def __exit__(self, *_):
        self.server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive(), "the gateway did not stop"


@contextmanager
def running(made, *, record=NO_TAPE, trace=NO_TRACE, usage=NO_USAGE, state=IN_MEMORY, prepare=None):
    """A gateway with this `Setup`; `prepare(services)` may change what it serves before it starts."""

    def services():
        built = Services(made, Lasting(record=record, trace=trace, usage=usage, state=state), AiohttpSender())
        if prepare is not None:
            prepare(built)
        return built

    with Running(services) as gateway:
        yield gateway
