"""The guard cannot see into other programs: that one was started is noted, not forbidden.

Every start while nothing may go out is a line in the pytest report. A program that is known to talk to
models, or to fetch from the network, is worth a warning at the end of the block.
"""

from __future__ import annotations

import os
import shlex
from functools import wraps
from typing import TYPE_CHECKING, cast

from tokentape import active
from tokentape.errors import RecordingError
from tokentape.guard import policy
from tokentape.settings import run_joined

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from tokentape.guard.swap import Function, Make, Swap, Swaps

ASKS_MODELS = frozenset({"claude", "codex", "gemini", "ollama", "llm", "aichat", "aider", "goose"})
"""Command line programs that call models; SDKs such as claude-agent-sdk start one."""

FETCHES = frozenset({"curl", "wget", "http", "https"})
"""Programs that do nothing but talk over the network."""


def attach(module: ModuleType, swaps: Swaps) -> None:
    """Replace what starts programs in `subprocess` and `os`."""
    swaps.put(module.Popen, "__init__", _popen)
    for name, place in _OF_OS.items():
        swaps.put(os, name, _starting(place))


def attach_multiprocessing(module: ModuleType, swaps: Swaps) -> None:
    """Replace what starts the workers of `spawn`, and the server of `forkserver`, in multiprocessing.util."""
    swaps.put(module, "spawnv_passfds", _worker)


def _popen(swap: Swap) -> Function:
    original = swap.original

    @wraps(original)
    def __init__(self: object, args: object, *rest: object, **kwargs: object) -> None:
        if swap.is_on and not policy.idle():
            started(kwargs.get("executable") or args)
        original(self, args, *rest, **kwargs)

    return __init__


_OF_OS = {
    "system": 0,
    "startfile": 0,
    "posix_spawn": 0,
    "posix_spawnp": 0,
    "execv": 0,
    "execve": 0,
    "execvp": 0,
    "execvpe": 0,
    "spawnv": 1,
    "spawnve": 1,
    "spawnvp": 1,
    "spawnvpe": 1,
}
"""What starts a program in `os`, and which argument names it; the `l` variants call these."""


def _starting(place: int) -> Make:
    def make(swap: Swap) -> Function:
        original = swap.original

        @wraps(original)
        def function(*args: object, **kwargs: object) -> object:
            if swap.is_on and len(args) > place and not policy.idle():
                started(args[place])
            return original(*args, **kwargs)

        return function

    return make


def _worker(swap: Swap) -> Function:
    """A Python that begins anew: it has no cassette, and its calls go out. Under a run it joins."""
    original = swap.original

    @wraps(original)
    def spawnv_passfds(path: object, args: Sequence[object], passfds: object) -> object:
        if swap.is_on and not policy.idle() and _runs_the_program(args) and run_joined() is None:
            started(path)
        return original(path, args, passfds)

    return spawnv_passfds


def _runs_the_program(args: Sequence[object]) -> bool:
    """False for the process in which multiprocessing keeps books."""
    return not any("resource_tracker" in str(argument) for argument in args)


def started(args: object) -> None:
    """A program is about to run. Never raises for what `args` may be: that is the original's to refuse."""
    name = name_of(args)
    forbidders = policy.forbidders()
    for forbidder in forbidders:
        note = f"started {name}: what another program sends is not seen"
        if note not in forbidder.notes:
            forbidder.notes.append(note)
    deck = active.current()
    if deck is None or deck.is_opaque:
        return
    if name in ASKS_MODELS:
        deck.trouble(RecordingError(f"{deck.path}: {name} was started, {_UNSEEN}, {_WAY}"))
    elif name in FETCHES and forbidders:
        deck.trouble(RecordingError(f"{deck.path}: {name} was started, {_UNSEEN}"))


_UNSEEN = "and what another program sends is neither recorded nor held back"
_WAY = "unless it is pointed at a local gateway by its base URL (for claude: ANTHROPIC_BASE_URL)"


def name_of(args: object) -> str:
    """The bare name of the program in `args` as `subprocess.Popen` takes them: list, path or command."""
    first = next(iter(args), "") if isinstance(args, (list, tuple)) else args
    if isinstance(first, (list, tuple)):
        first = next(iter(first), "")
    try:
        text = os.fsdecode(cast("str", first))
    except TypeError:
        return "?"
    if not isinstance(args, (list, tuple, os.PathLike)) and not os.path.exists(text):
        text = _first_word(text)
    return os.path.splitext(os.path.basename(text))[0] or "?"


def _first_word(command: str) -> str:
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    return next((word for word in words if "=" not in word), "")
