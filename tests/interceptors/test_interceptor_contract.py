"""The contract suite, run for httpx and httpx2, sync and async, under asyncio and trio."""

from __future__ import annotations

import httpx
import httpx2
import pytest
from httpx_calls import async_call, on_asyncio, on_trio, sync_call

from tokentape.interceptors.httpx import HttpxInterceptor
from tokentape.testing.contracts.interceptor import InterceptorContract


class _Httpx(InterceptorContract):
    def interceptor(self, tape):
        return HttpxInterceptor(tape)


class TestHttpxSync(_Httpx):
    def module(self):
        return httpx

    def call(self, ask):
        return sync_call(httpx, ask)


class TestHttpx2Sync(_Httpx):
    def module(self):
        return httpx2

    def call(self, ask):
        return sync_call(httpx2, ask)


class TestHttpxAsync(_Httpx):
    def module(self):
        return httpx

    def call(self, ask):
        return async_call(httpx, ask, on_asyncio)


class TestHttpx2Async(_Httpx):
    def module(self):
        return httpx2

    def call(self, ask):
        return async_call(httpx2, ask, on_asyncio)


# Leaving early under trio, httpx2 drops an async generator of its own, recorded or not.
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in.*PoolByteStream:pytest.PytestUnraisableExceptionWarning"
)
class TestHttpx2Trio(_Httpx):
    def module(self):
        return httpx2

    def call(self, ask):
        return async_call(httpx2, ask, on_trio)
