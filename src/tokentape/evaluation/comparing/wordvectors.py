"""Embeddings by the model that comes with wordllama: 256 numbers, mean of the vectors of a text's tokens."""

from __future__ import annotations

import logging
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    class Vectors(Protocol):
        """What numpy gives."""

        def tolist(self) -> list[list[float]]: ...

    class Model(Protocol):
        """What wordllama loads."""

        def embed(self, texts: list[str], *, batch_size: int) -> Vectors: ...


_AT_ONCE = 4
"""Texts; each token of the longest takes a kilobyte for each of them."""


def vectors(texts: Sequence[str]) -> list[list[float]]:
    """The vector of each text."""
    return _model().embed(list(texts), batch_size=_AT_ONCE).tolist()


@cache
def _model() -> Model:
    """Loaded once. Nothing is fetched: where its files are not in the package, it is an error."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    package = import_module("wordllama")

    # It configures the program's logging as it is imported, which is the program's own affair.
    root.handlers[:] = before
    root.setLevel(level)
    place = Path(package.__file__ or "").parent
    model: Model = package.WordLlama.load(cache_dir=place, disable_download=True)
    return model
