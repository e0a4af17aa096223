"""aiohttp, on asyncio and uvloop."""

from tokentape.interceptors.aiohttp.interceptor import AiohttpInterceptor as AiohttpInterceptor
