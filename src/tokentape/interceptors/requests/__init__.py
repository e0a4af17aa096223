"""requests, where a session has an adapter of its own; others are seen at urllib3."""

from tokentape.interceptors.requests.interceptor import RequestsInterceptor as RequestsInterceptor
