"""JSON of stream events: msgspec where it is installed (the extra `fast`), else the standard library.

Both read the same values, big integers included; what msgspec refuses is read again by the standard
library. NaN and infinities, which are no JSON and which msgspec writes as null, are refused where they could
come in: in events, and in the text of arguments (`strictly`).
"""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING

from tokentape.protocols.unfolding import dumped
from tokentape.wire.jsontext import JsonError, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.wire.interaction import Json


def _finite(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(f"{text} is out of range")
    return value


def _constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


_strict = json.JSONDecoder(parse_float=_finite, parse_constant=_constant)


def strictly(text: str) -> Json:
    """JSON text that a model wrote, as a value. Raises ValueError, for NaN and infinities too, which no
    dialect could tell; RecursionError for what is nested too deeply.
    """
    value: Json = _strict.decode(text)
    return value


def _slow_loads(data: bytes) -> Json:
    try:
        value: Json = json.loads(data, parse_float=_finite, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise JsonError(f"not JSON: {error}") from error
    return value


def _fast() -> tuple[Callable[[bytes], Json], Callable[[Json], bytes], Callable[[bytes], Json]]:
    try:
        import msgspec
    except ImportError:
        return _slow_loads, dumped, parse
    decode, encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode

    def fast(slow: Callable[[bytes], Json]) -> Callable[[bytes], Json]:
        def read(data: bytes) -> Json:
            try:
                value: Json = decode(data)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                return slow(data)
            return value

        return read

    def fast_dumps(value: Json) -> bytes:
        try:
            return encode(value)
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError):
            return dumped(value)

    return fast(_slow_loads), fast_dumps, fast(parse)


loads, dumps, reads = _fast()
"""Bytes to a value (raises `JsonError`), a value to compact UTF-8, and bytes to a value as kindly as
`wire.jsontext.parse` reads them: what msgspec takes is equal, and what it refuses is read by `parse`.
"""


def json_in(data: bytes) -> Json:
    """As `loads`; None for what is no JSON."""
    try:
        return loads(data)
    except JsonError:
        return None
