"""What a forked child must not share with its parent: locks that some other thread held, calls in flight.

    renewed(lock)    a lock that is free in the child, whoever held it in the parent
    follow(thing)    an object that is told: `before_fork` in the parent, `after_fork` and `child_ends` in the
                     child; the last only for children of multiprocessing, which leave without `atexit`

Journals look after themselves (`stores.journal`, `stores.sqlitejournal`): in the child they start anew.
"""

from __future__ import annotations

import os
import sys
import weakref
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


class Follower(Protocol):
    """What `follow` takes. None of these may raise."""

    def before_fork(self) -> None:
        """This process is about to fork."""

    def after_fork(self) -> None:
        """This is a forked child now; the parent's other threads are not here."""

    def child_ends(self) -> None:
        """The forked child ends without running `atexit`."""


class _Renewable(Protocol):
    def _at_fork_reinit(self) -> None: ...


L = TypeVar("L")
_locks: weakref.WeakSet[_Renewable] = weakref.WeakSet()
_followers: weakref.WeakSet[Follower] = weakref.WeakSet()


def renewed(lock: L) -> L:
    """The same lock (`threading.Lock` or `RLock`), free in every forked child."""
    _locks.add(cast("_Renewable", lock))
    return lock


def follow(thing: Follower) -> None:
    """Tell `thing` of forks for as long as it lives."""
    _followers.add(thing)


class _Ending:
    """Has `multiprocessing` call `run` at the end of a child that it forked.

    Its bootstrap forgets all finalizers first and calls those that registered for that moment.
    """

    def __init__(self, run: Callable[[], None], util: ModuleType) -> None:
        self._run, self._util = run, util
        util.register_after_fork(self, _Ending.register)

    def register(self) -> None:
        """Run last: after the children of this child were joined, which those of priority 0 and up do."""
        self._util.Finalize(None, self._run, exitpriority=-100)


_ending: list[_Ending] = []


def _before_fork() -> None:
    for follower in list(_followers):
        follower.before_fork()


def _after_fork() -> None:
    for lock in list(_locks):
        lock._at_fork_reinit()
    for follower in list(_followers):
        follower.after_fork()
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        _ending[:] = [_Ending(_child_ends, util)]


def _child_ends() -> None:
    for follower in list(_followers):
        follower.child_ends()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork)
