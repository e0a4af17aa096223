"""A real provider on a loopback port, for tests and demonstrations.

>>> from tokentape.testing.provider import Provider
>>> with Provider() as provider:
...     provider.answers("Paris.")
...     # point any SDK at provider.url and ask

It speaks the APIs of the large providers over plain sockets, plain and streamed, with tools, and
does to the connection whatever a script says. Nothing in here shares code with what it tests: it
imports neither an HTTP library nor tokentape's own dialects.
"""

from __future__ import annotations

from tokentape.testing.provider.personas.persona import How, Mishap, Persona
from tokentape.testing.provider.personas.references import References
from tokentape.testing.provider.provider import Provider
from tokentape.testing.provider.script import (
    Cut,
    Finish,
    Framing,
    Reset,
    Script,
    Send,
    SendHead,
    SendInterim,
    SendRaw,
    SendTrailers,
    Stall,
    redirect,
    reply,
    silence,
)
from tokentape.testing.provider.seen import Seen
from tokentape.testing.provider.turn import Call, Turn

__all__ = [
    "Call",
    "Cut",
    "Finish",
    "Framing",
    "How",
    "Mishap",
    "Persona",
    "Provider",
    "References",
    "Reset",
    "Script",
    "Seen",
    "Send",
    "SendHead",
    "SendInterim",
    "SendRaw",
    "SendTrailers",
    "Stall",
    "Turn",
    "redirect",
    "reply",
    "silence",
]
