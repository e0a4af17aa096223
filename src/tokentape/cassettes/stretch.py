"""Bytes that stay in their file until they are copied into another."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_AT_ONCE = 1 << 20
"""Bytes: so few need no fresh memory for each, which costs as much as the copying."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """`size` bytes from `start` on in the open file `descriptor`, which moves its position."""

    descriptor: int
    start: int
    size: int

    def __len__(self) -> int:
        return self.size

    def __bytes__(self) -> bytes:
        return b"".join(self.parts())

    def parts(self) -> Iterator[bytes]:
        """The bytes, a few at a time. Raises `OSError`, also where the file has become shorter."""
        os.lseek(self.descriptor, self.start, os.SEEK_SET)
        left = self.size
        while left:
            part = os.read(self.descriptor, min(left, _AT_ONCE))
            if not part:
                raise OSError(errno.EIO, "the journal became shorter while recording")
            left -= len(part)
            yield part
