"""The histograms of the conventions, with their buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.metrics import Histogram, Meter

    from tokentape.protocols.usage import Usage

    Value = str | int | float | bool

_TOKENS = [4.0**power for power in range(14)]
_SECONDS = [0.01 * 2**power for power in range(14)]
_FIRST = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0]
_EACH = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5]
_MOST = 500


class Instruments:
    """What is measured: of the calls that clients make, and of the attempts at upstreams."""

    def __init__(self, meter: Meter) -> None:
        def histogram(name: str, what: str, buckets: list[float], unit: str = "s") -> Histogram:
            return meter.create_histogram(name, unit, what, explicit_bucket_boundaries_advisory=buckets)

        self._tokens = histogram("gen_ai.client.token.usage", "Tokens by kind", _TOKENS, "{token}")
        self._duration = histogram(
            "gen_ai.client.operation.duration", "Time of an attempt at an upstream", _SECONDS
        )
        self._first_chunk = histogram(
            "gen_ai.client.operation.time_to_first_chunk",
            "Time to the first chunk of an upstream's stream",
            _FIRST,
        )
        self._request = histogram("gen_ai.server.request.duration", "Time of a client's call", _SECONDS)
        self._first_token = histogram(
            "gen_ai.server.time_to_first_token", "Time to the first bytes of a streamed reply", _FIRST
        )
        self._each_token = histogram(
            "gen_ai.server.time_per_output_token", "Time of each further token of a streamed reply", _EACH
        )

    def asked(
        self, about: Mapping[str, Value], took: float, first: float | None, usage: Usage | None
    ) -> None:
        """An attempt is over."""
        self._duration.record(took, about)
        if first is not None:
            self._first_chunk.record(first, about)
        for kind, count in (("input", usage.input), ("output", usage.output)) if usage is not None else ():
            if count is not None:
                self._tokens.record(count, {**about, "gen_ai.token.type": kind})

    def served(
        self, about: Mapping[str, Value], took: float, first: float | None, output: int | None
    ) -> None:
        """A call is over."""
        self._request.record(took, about)
        if first is None:
            return
        self._first_token.record(first, about)
        if output is not None and output > 1 and "error.type" not in about:
            self._each_token.record((took - first) / (output - 1), about)


class Known:
    """Names that clients make up, as values of metrics: the first ones are kept, all others are one."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._names: set[str] = set()

    def bounded(self, name: str) -> str:
        """The name, or `_OTHER`."""
        if name not in self._names:
            if len(self._names) >= self._most:
                return "_OTHER"
            self._names.add(name)
        return name
