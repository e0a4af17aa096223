"""How much is traced, where to, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20
DIRECTORY = ".tokentape/traces"
"""Where traces go unless something else is said: below the folder in which the gateway runs."""


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """`directory` None (or ""): traces are only kept in memory. `max_bytes` and `max_age` (seconds) bound
    what is on disk, `max_trace_bytes` the bodies of one trace, `max_running_bytes` those of all calls that
    are running; what goes beyond is left out, and the trace says so. `bodies=False` keeps heads, sizes and
    times alone.

    `share` is the part of one processor that the writer may take in the long run. Where more comes than
    that allows, at most `max_waiting` traces (or `max_waiting_bytes` of bodies) wait, and then the oldest
    go: counted, and told in the next trace that is written. The last `in_memory` are listed, and kept in
    memory where there is no directory, or the disk refuses them.
    """

    enabled: bool = True
    directory: str | None = DIRECTORY
    max_bytes: int = 512 * MIB
    max_age: float = 7 * 86_400.0
    max_trace_bytes: int = 4 * MIB
    bodies: bool = True
    max_running_bytes: int = 32 * MIB
    max_waiting: int = 64
    max_waiting_bytes: int = 16 * MIB
    share: float = 0.15
    in_memory: int = 64
