"""httpx and httpx2, sync and async; and transports with the tape built in."""

from tokentape.interceptors.httpx.interceptor import HttpxInterceptor as HttpxInterceptor
