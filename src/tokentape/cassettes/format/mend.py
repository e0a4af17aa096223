"""A reply that was edited by hand wins: what no longer fits it is mended, and this is said once."""

from __future__ import annotations

import os
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.cassettes.format.coding import coding_of, fitting, with_length
from tokentape.errors import TokentapeWarning
from tokentape.wire.body import decoder_for, media_type

if TYPE_CHECKING:
    from tokentape.cassettes.format.coding import Shown
    from tokentape.cassettes.format.fields import Place
    from tokentape.wire.message import Response


def mended(response: Response, shown: Shown, place: Place) -> Response:
    """The response with chunks that add up to its body, and headers that fit it."""
    body = response.body or b""
    if not shown.edited and sum(response.chunks) == len(body):
        return response
    headers = with_length(fitting(response.headers, shown), body)
    fixed = replace(response, headers=headers)
    fixed = replace(fixed, chunks=recut(fixed))
    if response.chunks or headers != response.headers:
        _say(place)
    return fixed


def recut(response: Response) -> tuple[int, ...]:
    """One chunk per event where the body is a stream that can be read as it is, else one chunk."""
    body = response.body
    if not body:
        return ()
    decoder = None if coding_of(response.headers) else decoder_for(media_type(response.headers))
    if decoder is None:
        return (len(body),)
    return tuple(len(event.raw) for event in (*decoder.feed(body), *decoder.close()) if event.raw)


_said: dict[str, int] = {}
"""Files that were warned of, with the time of the edit: a file is loaded by many blocks of one run."""


def _say(place: Place) -> None:
    """Once per file and edit; always where there is no file."""
    try:
        edited = os.stat(place.path).st_mtime_ns
    except (OSError, ValueError):
        edited = -1
    path = os.path.abspath(place.path)
    if edited >= 0 and _said.get(path) == edited:
        return
    _said[path] = edited
    warnings.warn(
        f"{place.path}, {place}: the reply was edited by hand; the edit counts, its chunks and lengths "
        "are made to fit",
        TokentapeWarning,
        stacklevel=2,
    )
