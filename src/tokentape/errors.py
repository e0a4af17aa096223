"""Every exception tokentape raises, and what each one means.

    TokentapeError
    ├── UsageError                 an argument, option or setting is wrong (command line: exit code 2)
    ├── CassetteError              a cassette cannot be used; carries `path`, `place` and `fix`
    │   ├── CassetteNotFound       mode `none`, and there is no such cassette
    │   ├── CassetteCorrupt        truncated, broken or wrongly edited; never replayed, never overwritten
    │   ├── CassetteTooNew         written by a later version of the format
    │   └── CassetteExpired        older than `max_age`, and the policy is to fail
    ├── ReplayError                replay could not serve what the program asked
    │   ├── ReplayMiss             no recording fits the request; carries the explanation
    │   ├── ReplayIncomplete       the program read past the point where the recorded caller stopped
    │   ├── LiveReplyDiffers       mode `verify`: the live reply is not as recorded, or none could be had
    │   └── AmbiguousCassette      a thread without context, and sibling cassettes to choose from
    ├── RecordingError             something could not be recorded as asked
    │   ├── RecordingRefused       an error reply, and the policy is to refuse those
    │   └── RecordingFailed        the store failed while recording; the program itself was not disturbed
    ├── NetworkBlocked             something wanted out where nothing may: mode `none`, `--block-network`
    ├── ProtocolError              a body, or an event of a stream, is not what its dialect allows
    ├── UnsupportedFeature         a translation would change the meaning; carries the loss report
    └── UnusedInteractions         mode `none`, the test passed, and recordings were left unplayed

    ReplayAbort(BaseException)     `on_miss="abort"`: leaves the program at the miss itself

    TokentapeWarning(UserWarning)  the one warning category

Faults of the wire (timeouts, resets, cuts) are data on the interaction, not exceptions of this tree.
All of them survive pickling with their attributes: they cross process pools and test workers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.matching.explain import Explanation
    from tokentape.protocols.canonical.losses import LossReport


class TokentapeError(Exception):
    """The root: catch this to catch every error of ours."""


class UsageError(TokentapeError, ValueError):
    """An argument, option or setting is wrong. The message names it and the fix, in one line."""


class CassetteError(TokentapeError):
    """A cassette cannot be used as asked.

    `path` names the file (or store entry), `place` the spot inside it ("line 12, column 3";
    empty where there is none), `fix` what to do about it.
    """

    def __init__(self, path: str, problem: str, *, place: str = "", fix: str = "") -> None:
        self.path, self.problem, self.place, self.fix = path, problem, place, fix
        where = f"{path}, {place}" if place else path
        super().__init__(f"{where}: {problem}" + (f"; {fix}" if fix else ""))

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild_cassette_error, (type(self), self.path, self.problem, self.place, self.fix)


def _rebuild_cassette_error(
    kind: type[CassetteError], path: str, problem: str, place: str, fix: str
) -> CassetteError:
    return kind(path, problem, place=place, fix=fix)


class CassetteNotFound(CassetteError):
    """Mode `none`, and there is no such cassette; the fix is the command that records it."""


class CassetteCorrupt(CassetteError):
    """Truncated, broken or wrongly edited. It is not replayed, and nothing overwrites it."""


class CassetteTooNew(CassetteError):
    """Written by a later version of the format than this tokentape reads."""


class CassetteExpired(CassetteError):
    """Older than `max_age`, with the policy to fail."""


class ReplayError(TokentapeError):
    """Replay could not serve what the program asked."""


class ReplayMiss(ReplayError):
    """No recording fits the request.

    `explanation` says which request, the nearest recording, the paths in which they differ, what
    else is unused and the command that records. `others` holds further misses of the same block.
    """

    def __init__(self, explanation: Explanation, others: tuple[Explanation, ...] = ()) -> None:
        self.explanation, self.others = explanation, others
        more = f"\n\n({len(others)} more in the same block)" if others else ""
        super().__init__(f"{explanation}{more}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.explanation, self.others)


class ReplayIncomplete(ReplayError):
    """The program read past the point where the recorded caller stopped reading."""


class AmbiguousCassette(ReplayError):
    """A thread without context cannot choose between sibling cassettes; `tokentape.bind` settles it."""


class LiveReplyDiffers(ReplayError):
    """Mode `verify`: a live reply differs from the recorded one, or could not be had."""


class RecordingError(TokentapeError):
    """Something could not be recorded as asked."""


class RecordingRefused(RecordingError):
    """An error reply arrived while recording, and `errors="refuse"`."""


class RecordingFailed(RecordingError):
    """The store failed while recording. The calls themselves went through undisturbed."""


class UnusedInteractions(TokentapeError):
    """Mode `none`, the block passed, and recordings were left unplayed."""


class NetworkBlocked(TokentapeError):
    """Something tried to reach the network where nothing may go out: mode `none`, or a blocked network.

    Not an `OSError`: HTTP libraries and SDKs would take that for a fault of the wire, and try again.
    `target` is where it wanted to ("api.example.com:443"), `library` what it came through ("-" where the
    caller is not on the stack), `reason` who blocks, `fix` what to do.
    """

    def __init__(self, target: str, library: str, reason: str, fix: str) -> None:
        self.target, self.library, self.reason, self.fix = target, library, reason, fix
        super().__init__(f"network blocked: {target}, through {library}: {reason}; {fix}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.target, self.library, self.reason, self.fix)


class ProtocolError(TokentapeError, ValueError):
    """A body, or an event of a stream, is not what its dialect allows.

    `dialect` is the dialect's name, `path` leads to the place ("messages[3].content", "" for the whole).
    """

    def __init__(self, dialect: str, path: str, problem: str) -> None:
        self.dialect, self.path, self.problem = dialect, path, problem
        super().__init__(f"{dialect}: {path or 'the body'}: {problem}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.dialect, self.path, self.problem)


class UnsupportedFeature(TokentapeError):
    """The target dialect cannot say something that changes the meaning; nothing was sent.

    `source` and `target` are the dialects, `losses` the whole report, tuning included.
    """

    def __init__(self, source: str, target: str, losses: LossReport) -> None:
        self.source, self.target, self.losses = source, target, losses
        lines = "; ".join(f"{loss.path or '(whole)'}: {loss.what}: {loss.why}" for loss in losses.meaning)
        super().__init__(f"{source} to {target}: {lines}")

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.source, self.target, self.losses)


class ReplayAbort(BaseException):
    """Raised at the miss itself with `on_miss="abort"`: passes `except Exception` and SDK retries."""

    def __init__(self, explanation: Explanation) -> None:
        self.explanation = explanation
        super().__init__(str(explanation))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.explanation,)


class TokentapeWarning(UserWarning):
    """Every warning of ours, so that one filter line finds them all."""
