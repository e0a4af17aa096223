"""Why no recording fits: the request, the nearest recording, what differs, what is unused, what to run."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from tokentape.matching.address import place_of
from tokentape.matching.canonical import leading_system_turns
from tokentape.matching.diff import Change, Difference, diff, printable
from tokentape.matching.nearest import MOST, items, likeness, nearest
from tokentape.protocols.registry import recognise, summary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.matching.key import Matcher
    from tokentape.protocols.registry import Recognised
    from tokentape.wire.interaction import Interaction, Json
    from tokentape.wire.message import Request

SHOWN = 8
"""Differences, and unused recordings, that the text lists."""

EDITED = 3
"""Places at most that an edit of one call changes."""

ALIKE = 0.5
"""How much a call and its edited form have in common, at least."""

MODE = "{mode}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A miss, explained. `str()` of it is what people read; `differences` hold the whole values.

    `request_line` is method and URL (redacted), `operation` the dialect's name for it, `asks` the last
    user text; `nearest_id` is "" where the cassette has nothing to compare with. `replaces`: the request
    looks like the nearest recording after an edit, and `command` drops that one if it stays unused.
    """

    request_line: str
    operation: str
    cassette: str
    mode: str
    asks: str = ""
    nearest_id: str = ""
    nearest_asks: str = ""
    differences: tuple[Difference, ...] = ()
    unused: tuple[str, ...] = ()
    command: str = ""
    note: str = ""
    replaces: bool = False

    def __str__(self) -> str:
        lines = [f"No recording in {self.cassette} fits this request (mode {self.mode})."]
        lines.append(f"  request: {self.request_line} ({self.operation})" + _asking(self.asks))
        lines += self._nearest()
        if self.note:
            lines.append(f"  note: {self.note}")
        if self.unused:
            lines.append(f"  not played yet: {_listed(self.unused)}")
        if self.command:
            instead = f" in place of {self.nearest_id}" if self.replaces else ""
            lines.append(f"  to record it{instead}: {self.command}")
        return "\n".join(lines)

    def _nearest(self) -> list[str]:
        if not self.nearest_id:
            return ["  nearest recording: none, the cassette is empty"]
        lines = [f"  nearest recording: {self.nearest_id}{_asking(self.nearest_asks)}"]
        lines += [f"    {difference}" for difference in self.differences[:SHOWN]]
        if len(self.differences) > SHOWN:
            lines.append(f"    and {len(self.differences) - SHOWN} more differences")
        return lines


def explain(
    matcher: Matcher,
    request: Request,
    candidates: Iterable[Interaction],
    *,
    cassette: str,
    mode: str,
    unused: tuple[str, ...] = (),
    command: str = "",
    note: str = "",
) -> Explanation:
    """Compare a redacted `request` with recorded interactions, at most 200 of them.

    `unused` are the ids of recordings not played yet, `note` what the caller knows besides. `{mode}` in
    `command` becomes the record mode that fits.
    """
    found = recognise(request)
    known = list(islice(candidates, MOST))
    wanted = matcher.canonical(request)
    forms = [matcher.canonical(interaction.request) for interaction in known]
    waiting = frozenset(unused)
    best = nearest(wanted, [(form, i.id in waiting) for form, i in zip(forms, known, strict=True)])
    told = note
    near: Interaction | None = None
    differences: tuple[Difference, ...] = ()
    replaces = False
    if best is not None:
        near = known[best]
        leading = _leading(recognise(near.request)), _leading(found)
        differences = tuple(diff(forms[best], wanted, leading))
        is_edited = near.id in waiting and _looks_edited(forms[best], wanted, differences)
        replaces = is_edited and MODE in command
        told = note or remark(differences, near, request, is_unused=near.id in waiting)
    return Explanation(
        request_line=f"{request.method} {request.url}",
        operation=found.operation.full_name,
        cassette=cassette,
        mode=mode,
        asks=summary(request, None)[0],
        nearest_id=near.id if near else "",
        nearest_asks=(near.asks or summary(near.request, None)[0]) if near else "",
        differences=differences,
        unused=unused,
        command=with_mode(command, "refresh" if replaces else "new_episodes"),
        note=told,
        replaces=replaces,
    )


def with_mode(command: str, mode: str) -> str:
    """The command with `mode` in place of the last `{mode}`."""
    return mode.join(command.rsplit(MODE, 1))


def _leading(found: Recognised) -> int:
    return leading_system_turns(found.body, found.shape) if found.is_json else 0


def _looks_edited(recorded: Json, incoming: Json, differences: tuple[Difference, ...]) -> bool:
    """True if the request is probably the recorded one with an edited prompt or setting, not another call.

    Turns that came or went are another call of a conversation; so is a text with little in common.
    """
    changed = all(difference.change is Change.CHANGED for difference in differences)
    few = 0 < len(differences) <= EDITED
    return few and changed and likeness(items(recorded), items(incoming)) >= ALIKE


def remark(
    differences: tuple[Difference, ...], near: Interaction, request: Request, *, is_unused: bool
) -> str:
    """In words, why so small a difference is one; "" where the differences speak for themselves."""
    paths = {difference.path for difference in differences}
    if not paths and not is_unused:
        return "this very call is recorded, and every recording of it was played already"
    if not paths:
        return f"the recording asks the same, but of {place_of(near.request.url)}, under another key"
    if paths <= {"host", "port", "scheme"}:
        here, there = place_of(request.url), place_of(near.request.url)
        return f"only the host differs: recorded for {there}, asked of {here}"
    if paths <= {"stream", "streamOptions", "stream_options", "operation", "query"} and "stream" in paths:
        streamed = any(d.path == "stream" and d.recorded is True for d in differences)
        one, other = ("streamed", "is not") if streamed else ("not streamed", "is")
        told = f"only the stream flag differs: the recording is {one}, this request {other}"
        return told + _other_form(near, request)
    return ""


def _other_form(near: Interaction, request: Request) -> str:
    """Whether the recording could serve in the other form, where anybody knows the dialect."""
    dialect = recognise(request).dialect
    if dialect is None:
        return ""
    if dialect.synthesis is None:
        return f"; for {dialect.name} none can be made of the other"
    if near.response is not None and near.response.status < 300 and not near.ended.whole:
        return "; it is not complete, so none can be made of it"
    return "; synthesize=True would serve it"


def _asking(asks: str) -> str:
    return f' (asks "{printable(asks)}")' if asks else ""


def _listed(ids: tuple[str, ...]) -> str:
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    return ", ".join(ids[:SHOWN]) + more
