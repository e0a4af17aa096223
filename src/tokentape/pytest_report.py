"""What the pytest plugin tells after the run: failures always, everything with `--tokentape-report`."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, cast

from tokentape import settings

if TYPE_CHECKING:
    import warnings
    from collections.abc import Sequence

    import pytest

    from tokentape.deck import Deck
    from tokentape.metering.savings import Saved


@dataclass(frozen=True, slots=True)
class Line:
    """One test's cassette: plain data, so that xdist workers can send it."""

    test: str
    path: str
    mode: str
    replayed: int
    recorded: int
    missed: int
    unused: list[str]
    troubles: list[str] = field(default_factory=list)
    failed: bool = False
    unrecorded: int = 0
    synthesized: int = 0
    refused: int = 0
    verified: int = 0
    differed: int = 0
    unverified: int = 0
    notes: list[str] = field(default_factory=list)


class Report:
    """Collects a `Line` per cassette, and keeps the placeholder credentials.

    As a `Watcher` it also sees the blocks of `use_cassette` in tests. `test` is the test that runs. `remarks`
    and `notes` are of the whole run: what fails it, and what only the full report tells.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.test = ""
        self.remarks: list[str] = []
        self.notes: list[str] = []
        self._config = config
        self._lines: list[Line] = []
        self._blocks: set[Deck] = set()
        self._of_blocks: dict[str, str] = {}
        self._placeholders: dict[str, str] = {}
        self._said: set[str] = set()
        self._untold: dict[str, int] = {}
        self._saved: list[dict[str, object]] = []

    @property
    def failures(self) -> list[Line]:
        """The cassettes whose recording failed."""
        return [line for line in self._lines if line.failed]

    def add(self, test: str, deck: Deck) -> None:
        """Note how a test's cassette ended."""
        troubles = [str(trouble) for trouble in deck.troubles]
        self._lines.append(replace(self._line(test, deck), troubles=troubles, failed=bool(_failures(deck))))

    def _line(self, test: str, deck: Deck) -> Line:
        tally = deck.tally
        counts = (tally.replayed, tally.recorded, tally.missed)
        rare = (tally.unrecorded, tally.synthesized, tally.refused)
        live = (tally.verified, tally.differed, tally.unverified)
        line = Line(test, deck.path, deck.mode.value, *counts, deck.unused, [], False, *rare, *live)
        return replace(line, notes=list(deck.notes))

    def opened(self, deck: Deck) -> None:
        """A block of `use_cassette`: where nothing may be sent, its SDKs get placeholders too."""
        self._blocks.add(deck)
        if not deck.goes_out:
            self._of_blocks.update(self.placeholders_for_test())

    def closed(self, deck: Deck) -> None:
        """Its line. What went wrong in it is raised or warned of where it stands."""
        self._blocks.discard(deck)
        while self._of_blocks and not self._blocks:
            os.environ.pop(self._of_blocks.popitem()[0], None)
        self._untold.update(dict.fromkeys(_failures(deck), len(self._lines)))
        self._lines.append(self._line(self.test, deck))

    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """A warning that nobody caught or filtered out: of a recording that failed, it fails the run."""
        message = str(warning_message.message)
        number = self._untold.pop(message, None)
        if number is not None:
            line = self._lines[number]
            self._lines[number] = replace(line, troubles=[*line.troubles, message], failed=True)

    def set_placeholders(self) -> None:
        """Set placeholder credentials for the whole run, where absent."""
        self._placeholders.update(self.placeholders_for_test())

    def unset_placeholders(self) -> None:
        """Take them back."""
        for name in self._placeholders:
            os.environ.pop(name, None)
        self._placeholders.clear()

    def placeholders_for_test(self) -> dict[str, str]:
        """Set placeholder credentials where absent; the result is what to take back."""
        from tokentape.protocols.credentials import missing

        added = missing(dict(os.environ))
        os.environ.update(added)
        self._said.update(added)
        return added

    def header(self) -> list[str]:
        """The lines above the tests, where the mode is not the default."""
        choice = settings.resolve_mode()
        lines = []
        if choice.source != "default":
            lines.append(f"tokentape: mode {choice.mode.value} ({choice.source})")
        if self._placeholders:
            lines.append(f"tokentape: placeholders set for {_some(sorted(self._placeholders))}")
        return lines

    def hand_over(self) -> None:
        """In an xdist worker: send the lines to the controller."""
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output["tokentape"] = [asdict(line) for line in self._lines]
            output["tokentape_run"] = {"remarks": self.remarks, "notes": self.notes}
            if self._config.getoption("--tokentape-report"):
                output["tokentape_saved"] = _saved().plain

    def take_over(self, output: dict[str, list[dict[str, object]]]) -> None:
        """In the xdist controller: take a worker's lines."""
        self._lines.extend(Line(**values) for values in output.get("tokentape", ()))  # type: ignore[arg-type]
        if "tokentape_saved" in output:
            self._saved.append(cast("dict[str, object]", output["tokentape_saved"]))
        said = cast("dict[str, list[str]]", output.get("tokentape_run", {}))
        for mine, theirs in (
            (self.remarks, said.get("remarks", ())),
            (self.notes, said.get("notes", ())),
        ):
            mine.extend(text for text in theirs if text not in mine)

    def write(self, terminal: pytest.TerminalReporter, more: Sequence[str] = ()) -> None:
        """Write what there is to say, and `more` of it."""
        full = self._config.getoption("--tokentape-report")
        troubled = [line for line in self._lines if line.troubles]
        verified = [line for line in self._lines if line.mode == "verify"]
        if not (full or troubled or verified or more or self.remarks):
            return
        terminal.section("tokentape", sep="-")
        for remark in self.remarks:
            terminal.line(remark, red=True)
        for line in troubled:
            for trouble in line.troubles:
                terminal.line(f"{line.test}: {trouble}", red=line.failed, yellow=not line.failed)
        if verified:
            terminal.line(_compared(verified))
        for text in more:
            terminal.line(text)
        if full:
            self._write_lines(terminal)

    def _write_lines(self, terminal: pytest.TerminalReporter) -> None:
        for line in self._lines:
            terminal.line(
                f"{_short(line.path)}: {line.mode}, {line.replayed} replayed, {line.recorded} recorded, "
                f"{line.missed} missed, {len(line.unused)} unused"
                + _rare(line.unrecorded, "not recorded")
                + _rare(line.synthesized, "synthesized")
                + _rare(line.refused, "telemetry refused")
                + _rare(line.verified, "verified live")
                + _rare(line.differed, "differ")
            )
            for id in line.unused:
                terminal.line(f"    unused interaction {id}")
            for note in line.notes:
                terminal.line(f"    {note}")
        for path in self._unused_files():
            terminal.line(f"{_short(path)}: not used by any test of this run")
        counted = ("replayed", "recorded", "missed", "unrecorded", "synthesized", "refused")
        total = [sum(getattr(line, name) for line in self._lines) for name in counted]
        cassettes = f"{len(self._lines)} cassette" + ("" if len(self._lines) == 1 else "s")
        terminal.line(
            f"{cassettes}: {total[0]} replayed, {total[1]} recorded, {total[2]} missed"
            + _rare(total[3], "not recorded")
            + _rare(total[4], "synthesized")
            + _rare(total[5], "telemetry refused")
        )
        for note in self.notes:
            terminal.line(note)
        self._write_savings(terminal)
        if self._said:
            terminal.line(f"placeholders were set for {_some(sorted(self._said))}")

    def _write_savings(self, terminal: pytest.TerminalReporter) -> None:
        from tokentape.metering.savings import Saved

        saved = sum(map(Saved.of_plain, self._saved), _saved())
        if saved.calls:
            terminal.line(str(saved))

    def _unused_files(self) -> list[str]:
        """Cassette files beside those that were used, which no test opened."""
        used = {os.path.abspath(line.path) for line in self._lines}
        found: set[str] = set()
        for folder in {os.path.dirname(path) for path in used}:
            names = os.listdir(folder) if os.path.isdir(folder) else []
            found.update(os.path.join(folder, name) for name in names if name.endswith(".json"))
        return sorted(found - used)


def _compared(lines: list[Line]) -> str:
    from tokentape.tally import in_words

    return in_words(
        sum(line.verified for line in lines),
        sum(line.differed for line in lines),
        sum(line.unverified for line in lines),
    )


def _saved() -> Saved:
    from tokentape.metering.savings import savings

    return savings()


def _failures(deck: Deck) -> list[str]:
    from tokentape.errors import RecordingFailed

    return [str(trouble) for trouble in deck.troubles if isinstance(trouble, RecordingFailed)]


def _rare(number: int, what: str) -> str:
    """Only where there is something to tell."""
    return f", {number} {what}" if number else ""


def _short(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def _some(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
