"""A snapshot on disk: which file it is, what stands there, and when that is written."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, cast

from tokentape import active
from tokentape.cassettes.format.escapes import visible
from tokentape.cassettes.stores import files
from tokentape.errors import UsageError
from tokentape.options import Options, redactor_of
from tokentape.snapshots import run as runs
from tokentape.snapshots.run import shown

if TYPE_CHECKING:
    from tokentape.snapshots.form import Form


class Snapshot:
    """The snapshot of the test that runs: its next one, the one called `name`, or the file at `path`.

    Raises `UsageError` where nobody can say which file that is.
    """

    def __init__(self, name: str | None, path: str | os.PathLike[str] | None, update: bool | None) -> None:
        test = runs.run.test
        if path is not None:
            self.path = os.path.join(test.folder if test else "", os.fspath(path))
        elif test is None:
            raise UsageError(
                'no test of pytest runs here: name the file, as in matches_snapshot(path="reply.json")'
            )
        else:
            self.path = test.path(name)
        runs.run.used.add(self.path)
        is_fresh = test is not None and self.path in test.fresh
        self.is_shared = test is not None and self.path in test.seen
        if test is not None:
            test.seen.add(self.path)
        self.updates = (runs.run.updates if update is None else update) and not is_fresh
        self.writes_new = self.updates or runs.run.writes_new
        self.shown = shown(self.path)

    @property
    def command(self) -> str:
        """What writes it anew."""
        if runs.run.test is None:
            return "TOKENTAPE_UPDATE_SNAPSHOTS=1, and run it again"
        return f"{runs.run.test.command} --tokentape-update-snapshots"

    @property
    def advice(self) -> str:
        """What helps where the reply differs."""
        if self.is_shared:
            return (
                'this test compared another reply with it, too: name each, as in matches_snapshot("second")'
            )
        return f"to take it as it is now:\n  {self.command}"

    def read(self) -> Form | None:
        """What stands there; None if it is not there. Raises `ValueError` for what is no JSON object."""
        data = files.read(self.path)
        if data is None:
            return None
        try:
            found = json.loads(data)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        if not isinstance(found, dict):
            raise ValueError("it is no JSON object")
        return cast("Form", found)

    def broken(self, error: ValueError) -> UsageError:
        """The error of a file that is no snapshot."""
        return UsageError(f"{self.shown}: {error}; write it anew with {self.command}")

    def write(self, form: Form) -> None:
        """Put `form` there, at once or not at all. Raises `CassetteError`."""
        test = runs.run.test
        said = {"tokentape_snapshot": form["tokentape_snapshot"], **({"test": test.id} if test else {})}
        text = visible(json.dumps({**said, **form}, indent=2, ensure_ascii=False)) + "\n"
        is_new = not os.path.exists(self.path)
        with files.explained(self.path, "the snapshot cannot be written"):
            os.makedirs(os.path.dirname(self.path) or ".", exist_ok=True)
            files.write(f"{self.path}.{os.getpid()}", [text.encode()])  # another process may write it, too
            os.replace(f"{self.path}.{os.getpid()}", self.path)
        (runs.run.written if is_new else runs.run.updated).append(self.path)
        if test is not None:
            test.fresh.add(self.path)


def redact(form: Form) -> Form:
    """A JSON object as it may be written down, with what the cassette in force knows of secrets."""
    deck = active.current()
    if deck is not None and not deck.is_opaque:
        return deck.redacted(form)
    return redactor_of(Options.of({})).json(form)
