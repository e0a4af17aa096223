"""The test that runs, and what became of snapshots in this run: the one place that remembers.

pytest's plugin tells which test runs. Whoever runs code without pytest names files, and nobody reports.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape import settings
from tokentape.cassettes.stores.names import safe_name
from tokentape.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(slots=True)
class Test:
    """The test that runs: `folder` of its module, `module` and `name` as files are called after them.

    `command` runs it again. `unnamed` counts its snapshots without a name; `seen` are those that it looked
    at, `fresh` those that it wrote itself.
    """

    id: str
    folder: str
    module: str
    name: str
    command: str
    unnamed: int = 0
    seen: set[str] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)

    @property
    def home(self) -> str:
        """Where the snapshots of its module are."""
        return home_of(self.folder, self.module)

    def path(self, name: str | None) -> str:
        """The file of the next snapshot, or of the one called `name`. Raises `UsageError`."""
        if name is None:
            self.unnamed += 1
            end = f"-{self.unnamed}" if self.unnamed > 1 else ""
        elif not name.strip() or name.isdigit():
            raise UsageError(f"name={name!r}: give a snapshot a name in words")
        else:
            end = f"-{name}"
        return os.path.join(self.home, safe_name(self.name + end) + ".json")


@dataclass(slots=True)
class Run:
    """`used` are the files that were looked at, `homes` the folders of the modules of which a test ran, and
    `folders` those in which these modules are.

    `partial` are those of modules of which a test did not run, or not to its end: what it would have asked
    for is not known. `stopped`: the run broke off, so nothing is known of any.
    """

    updating: bool = False
    test: Test | None = None
    used: set[str] = field(default_factory=set)
    homes: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    partial: set[str] = field(default_factory=set)
    stopped: bool = False
    written: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)

    @property
    def updates(self) -> bool:
        """True if what differs is written anew."""
        return self.updating or settings.updates_snapshots()

    @property
    def writes_new(self) -> bool:
        """True if a snapshot that is missing is written: not where nobody would look at it and commit it."""
        return self.updates or not (settings.in_ci() or settings.resolve_mode().mode.only_replays)

    def begin(self, test: Test) -> None:
        """From here on, `test` runs."""
        self.test = test
        self.homes.add(test.home)
        self.folders.add(test.folder)

    def leave_out(self, folder: str, module: str) -> None:
        """A test of the module does not run, or not to its end."""
        self.partial.add(home_of(folder, module))

    def plain(self) -> dict[str, list[str]]:
        """What a worker of xdist tells."""
        return {
            "used": sorted(self.used),
            "homes": sorted(self.homes),
            "folders": sorted(self.folders),
            "partial": sorted(self.partial),
            "written": self.written,
            "updated": self.updated,
        }

    def take_over(self, told: Mapping[str, list[str]]) -> None:
        """Add what a worker told."""
        self.used.update(told.get("used", ()))
        self.homes.update(told.get("homes", ()))
        self.folders.update(told.get("folders", ()))
        self.partial.update(told.get("partial", ()))
        self.written += told.get("written", ())
        self.updated += told.get("updated", ())

    def lines(self, *, full: bool) -> Iterator[str]:
        """What there is to say after the run; `full`: with the files that no test asks for."""
        for what, paths in (("written", self.written), ("updated", self.updated)):
            if paths:
                many = f"{len(paths)} snapshots" if len(paths) > 1 else "1 snapshot"
                yield f"{many} {what}: {', '.join(map(shown, paths[:5]))}" + (", ..." if paths[5:] else "")
        for path in self._unused() if full else ():
            yield f"{shown(path)}: a snapshot that no test asks for"

    def _unused(self) -> list[str]:
        used = set(map(os.path.realpath, self.used))
        return [path for path in self._files() if os.path.realpath(path) not in used]

    def _files(self) -> Iterator[str]:
        for home in sorted(() if self.stopped else self.homes - self.partial):
            yield from _snapshots(home)
        for folder in sorted(self.folders):
            yield from _of_no_module(folder)


def home_of(folder: str, module: str) -> str:
    """Where the snapshots of a module in `folder` are."""
    snapshots = str(settings.project().options.get("snapshot_dir", "snapshots"))
    return os.path.join(folder, snapshots, safe_name(module))


def _listed(folder: str) -> list[str]:
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def _snapshots(home: str) -> Iterator[str]:
    return (os.path.join(home, name) for name in _listed(home) if name.endswith(".json"))


def _of_no_module(folder: str) -> Iterator[str]:
    """Snapshots whose module is not in `folder` any more, and that say so: `path=` may name any place."""
    modules = {safe_name(os.path.splitext(name)[0]) for name in _listed(folder)}
    root = os.path.dirname(home_of(folder, "any"))
    for name in _listed(root):
        if name not in modules:
            yield from (path for path in _snapshots(os.path.join(root, name)) if _module_of(path) == name)


def _module_of(path: str) -> str:
    """The module of the test that wrote the file, as folders are called after it; "" if nothing says that."""
    import json

    try:
        with open(path, encoding="utf-8") as file:
            test = json.load(file)["test"].partition("::")[0]
    except (OSError, ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return ""
    return safe_name(os.path.splitext(os.path.basename(test))[0])


def shown(path: str) -> str:
    """The path as people write it from where they are."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


run = Run()
"""The run of this process."""
