"""The thread that redacts, renders and writes traces, and the memory of those that are on no disk."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from typing import TYPE_CHECKING

from tokentape.forks import renewed
from tokentape.gateway.trace.files import Files
from tokentape.gateway.trace.reading import find as find_on_disk
from tokentape.gateway.trace.render import hidden_text, render
from tokentape.gateway.trace.summary import summary
from tokentape.log import log
from tokentape.protocols.fastjson import dumps
from tokentape.wire.jsontext import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.gateway.trace.options import TraceOptions
    from tokentape.gateway.trace.trace import Trace
    from tokentape.wire.interaction import Json
    from tokentape.wire.redact import Redactor

_LINGER = 0.05
"""Seconds from a finished call until its trace is looked at: the reply goes first."""
_TIDY = 300.0
"""Seconds between two looks at what is on disk; other processes write there, too."""
_IN_MEMORY = 8 << 20
"""Bytes of documents that are kept in memory, at most."""


class Writer:
    """Takes finished traces from any thread, and never lets one wait."""

    def __init__(self, options: TraceOptions, redactor: Redactor) -> None:
        self._options, self._redactor = options, redactor
        self._files: Files | None = None
        if options.directory:
            self._files = Files(options.directory, options.max_bytes, options.max_age)
        self._lock = renewed(threading.Lock())
        self._waiting: deque[Trace] = deque()
        self._waiting_bytes = 0
        self._now: Trace | None = None
        self._wake, self._closing, self._quiet = threading.Event(), threading.Event(), threading.Event()
        self._quiet.set()
        self._thread: threading.Thread | None = None
        self._documents: OrderedDict[str, bytes] = OrderedDict()
        self._document_bytes = 0
        self._lines: deque[dict[str, Json]] = deque(maxlen=max(options.in_memory, 1))
        self._tidied = float("-inf")
        self._has_complained = False
        self.dropped = 0
        self._told = 0

    def take(self, trace: Trace) -> None:
        """A finished trace. Where too many wait, the oldest go."""
        if self._closing.is_set():
            self.dropped += 1
            return
        with self._lock:
            self._waiting.append(trace)
            self._waiting_bytes += trace.kept
            while len(self._waiting) > self._options.max_waiting or (
                self._waiting_bytes > self._options.max_waiting_bytes and len(self._waiting) > 1
            ):
                self._waiting_bytes -= self._waiting.popleft().kept
                self.dropped += 1
            self._quiet.clear()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="tokentape-traces", daemon=True)
                self._thread.start()
        if not self._wake.is_set():
            self._wake.set()

    def learn(self, secrets: Iterable[str]) -> None:
        """Hide these values from now on."""
        self._redactor.know(secrets)

    def hide(self, text: str) -> str:
        """The text with its secrets hidden, as in a body."""
        return hidden_text(text, self._redactor)

    def render(self, trace: Trace) -> dict[str, Json]:
        """The document of a trace, as it is by now."""
        return render(trace, self._redactor, self._options.max_trace_bytes)

    def find(self, id: str) -> dict[str, Json] | None:
        """The document of a finished trace: written, waiting, or on disk."""
        with self._lock:
            text = self._documents.get(id)
            waiting = next((each for each in (*self._waiting, self._now) if each and each.id == id), None)
        if text is not None:
            found = parse(text)
            return found if isinstance(found, dict) else None
        if waiting is not None:
            return self.render(waiting)
        return find_on_disk(self._options.directory, id) if self._options.directory else None

    def recent(self, most: int) -> list[dict[str, Json]]:
        """The lines of the last traces that were written, newest first."""
        with self._lock:
            return list(self._lines)[-most:][::-1] if most > 0 else []

    def flush(self, timeout: float) -> bool:
        """Wait until nothing waits."""
        return self._quiet.wait(timeout)

    def close(self, timeout: float) -> None:
        """Write what waits, without a rest, and end the thread."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._closing.is_set() or self._waiting:
            self._wake.wait()
            self._closing.wait(_LINGER)
            self._wake.clear()
            while (trace := self._next()) is not None:
                began = time.thread_time()
                self._keep(trace)
                self._rest(time.thread_time() - began)
            self._settle()

    def _rest(self, busy: float) -> None:
        """The processor belongs to the calls: the writer takes its share, and no more."""
        share = self._options.share
        if busy > 0 and 0 < share < 1:
            self._closing.wait(busy * (1 / share - 1))

    def _next(self) -> Trace | None:
        with self._lock:
            self._now = None
            if not self._waiting:
                return None
            self._now = self._waiting.popleft()
            self._waiting_bytes -= self._now.kept
            return self._now

    def _settle(self) -> None:
        """List what was written; then, unless more came meanwhile, nothing waits."""
        if self._files is not None:
            try:
                self._files.flush()
            except OSError as error:
                self._complain(error)
        with self._lock:
            if not self._waiting:
                self._quiet.set()

    def _keep(self, trace: Trace) -> None:
        """Redact, render, remember, write. Whatever fails is told once: a trace is not worth a call."""
        try:
            if self.dropped > self._told:
                trace.note("trace_dropped", traces=self.dropped - self._told)
                self._told = self.dropped
            document = self.render(trace)
            line = summary(document)
            text = dumps(document)
            with self._lock:
                self._lines.append(line)
            if self._files is None:
                self._remember(trace.id, text)
            else:
                self._put(self._files, trace, text, dumps(line))
        except Exception as error:  # noqa: BLE001  the boundary: tracing must not break the gateway
            self._complain(error)

    def _put(self, files: Files, trace: Trace, text: bytes, line: bytes) -> None:
        """Onto the disk, from where it is read when somebody asks; what the disk refuses stays in memory."""
        try:
            files.write(trace.id, trace.at, text, line)
        except OSError:
            self._remember(trace.id, text)
            raise
        self._tidy(files)

    def _remember(self, id: str, text: bytes) -> None:
        with self._lock:
            self._document_bytes += len(text) - len(self._documents.pop(id, b""))
            self._documents[id] = text
            while len(self._documents) > self._options.in_memory or self._document_bytes > _IN_MEMORY:
                self._document_bytes -= len(self._documents.popitem(last=False)[1])

    def _tidy(self, files: Files) -> None:
        if files.is_over() or time.monotonic() - self._tidied > _TIDY:
            files.tidy(time.time())
            self._tidied = time.monotonic()

    def _complain(self, error: Exception) -> None:
        if not self._has_complained:
            self._has_complained = True
            where = self._options.directory or "memory"
            # The text of an error of the system names a file; any other may quote the call.
            why = str(error) if isinstance(error, OSError) else type(error).__name__
            log.warning("traces: cannot keep them in %s: %s; further failures are not told", where, why)
