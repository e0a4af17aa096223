"""The contract suite, run for http.client and for urllib.request on top of it."""

from __future__ import annotations

import http.client

from http1_calls import http_client_call, urllib_request_call

from tokentape.interceptors.httpclient import HttpClientInterceptor
from tokentape.testing.contracts.interceptor import InterceptorContract


class _HttpClient(InterceptorContract):
    cannot = frozenset({"interim head first"})  # http.client takes a 103 for the reply

    def interceptor(self, tape):
        return HttpClientInterceptor(tape)

    def module(self):
        return http.client


class TestHttpClient(_HttpClient):
    def call(self, ask):
        return http_client_call(ask)


class TestUrllibRequest(_HttpClient):
    def call(self, ask):
        return urllib_request_call(ask)
