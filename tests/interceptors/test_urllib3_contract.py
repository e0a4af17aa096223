"""The contract suite, run for urllib3 and for requests on top of it."""

from __future__ import annotations

import pytest
from http1_calls import requests_call, urllib3_call

from tokentape.interceptors.urllib3 import Urllib3Interceptor
from tokentape.testing.contracts.interceptor import InterceptorContract

urllib3 = pytest.importorskip("urllib3", reason="needs urllib3")


class _Urllib3(InterceptorContract):
    cannot = frozenset({"interim head first"})  # http.client takes a 103 for the reply
    if urllib3.__version__.startswith("1."):  # does not count the bytes
        cannot |= {"cut by length", "cut, read at once", "promised more"}

    def interceptor(self, tape):
        return Urllib3Interceptor(tape)

    def module(self):
        return urllib3


class TestUrllib3(_Urllib3):
    def call(self, ask):
        return urllib3_call(ask)


class TestRequests(_Urllib3):
    @pytest.fixture(autouse=True)
    def _needs_requests(self):
        pytest.importorskip("requests", reason="needs requests")

    def call(self, ask):
        return requests_call(ask)
