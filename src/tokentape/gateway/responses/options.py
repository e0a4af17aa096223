"""How responses are kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StateOptions:
    """Settings of the state that the gateway keeps for the Responses API.

    `store` is "memory" (one process) or "sqlite:PATH" (several workers share it, and it outlives them).
    `ttl`: seconds that a response is kept after its last use, as itself or as an ancestor. Beyond
    `max_items` responses or `max_bytes` of them, those unused for longest go. `poll`: seconds between two
    looks at what another worker writes. `grace`: seconds that background jobs get to end at shutdown.
    `max_frame`: bytes of one WebSocket message.
    """

    store: str = "memory"
    ttl: float = 30 * 86_400.0
    max_items: int = 10_000
    max_bytes: int = 256 * 1024 * 1024
    poll: float = 0.25
    grace: float = 20.0
    max_frame: int = 32 * 1024 * 1024
