"""OpenTelemetry for the gateway: a server span for each call, a client span for each attempt, and metrics,
by the semantic conventions for generative AI.

`spans` is what a call is told to, and does nothing; `otel` does it with the OpenTelemetry API, and is
loaded only when it is asked for. Exporters are the business of whoever runs the gateway.
"""
