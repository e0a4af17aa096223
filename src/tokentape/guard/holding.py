"""When the guard is in place: from the first `hold` to the last `release`, and only where the program has
imported what leads out.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tokentape.forks import renewed
from tokentape.guard import loops, programs, sockets
from tokentape.guard.swap import Swaps
from tokentape.interceptors.imports import when_imported

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    Attach = Callable[[ModuleType, Swaps], None]

PLACES: dict[str, Attach] = {
    "socket": sockets.attach,
    "asyncio.base_events": loops.attach_asyncio,
    "uvloop": loops.attach_uvloop,
    "subprocess": programs.attach,
    "multiprocessing.util": programs.attach_multiprocessing,
}
"""The modules to wait for, and what is replaced in each."""

_lock = renewed(threading.RLock())
_swaps = Swaps()
_waits: list[Callable[[], None]] = []
_holds: list[None] = []


def hold() -> None:
    """Have the guard in place until `release`. Counted; one that fails leaves nothing in place."""
    with _lock:
        _holds.append(None)
        if len(_holds) > 1:
            return
        try:
            _put_in_place()
        except BaseException:
            release()
            raise


def release() -> None:
    """Undo one `hold`; the last one puts everything back. More releases than holds do nothing."""
    with _lock:
        if _holds:
            _holds.pop()
        if _holds:
            return
        while _waits:
            _waits.pop()()
        _swaps.undo()


def _put_in_place() -> None:
    _swaps.open()
    for name, attach in PLACES.items():
        _waits.append(when_imported(name, _attaching(attach)))


def _attaching(attach: Attach) -> Callable[[ModuleType], None]:
    return lambda module: attach(module, _swaps)
