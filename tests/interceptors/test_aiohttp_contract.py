"""The contract suite, run for aiohttp on asyncio and on uvloop."""

from __future__ import annotations

import pytest

aiohttp = pytest.importorskip("aiohttp")

from aiohttp_calls import call, on_asyncio, on_uvloop  # noqa: E402

from tokentape.interceptors.aiohttp import AiohttpInterceptor  # noqa: E402
from tokentape.testing.contracts.interceptor import InterceptorContract  # noqa: E402


class _Aiohttp(InterceptorContract):
    run = None
    cannot = frozenset({"broken chunk"})  # aiohttp's reader waits for ever, recorded or not

    def interceptor(self, tape):
        return AiohttpInterceptor(tape)

    def module(self):
        return aiohttp

    def call(self, ask):
        return call(ask, type(self).run)


class TestAsyncio(_Aiohttp):
    run = on_asyncio


class TestUvloop(_Aiohttp):
    run = on_uvloop

    @pytest.fixture(autouse=True)
    def _has_uvloop(self):
        pytest.importorskip("uvloop")
