"""Whom the demo asks: three invented models that differ, a judge, and the file that declares them.

They are upstreams of one provider on this machine, which plays each by its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.cli.demo.migrating.judge import Judge
from tokentape.testing.provider import Mishap, Persona

if TYPE_CHECKING:
    from tokentape.testing.provider import References

TARGETS = {
    "swift/swift-2-mini": "nearly as good, and cheap",
    "breeze/breeze-lite": "cheaper still, talks more, and is bad at tools",
    "prudence/prudence-3": "good, and declines more than it should",
}

_DECLARED = """
[upstreams.swift]
dialect = "openai.chat"
base_url = "{url}/v1"

[upstreams.breeze]
dialect = "anthropic.messages"
base_url = "{url}"

[upstreams.prudence]
dialect = "gemini"
base_url = "{url}"

[upstreams.court]
dialect = "openai.chat"
base_url = "{url}/v1"

[prices."swift-2-mini"]
unit = "1M"
input = 0.6
output = 2.4

[prices."breeze-lite"]
unit = "1M"
input = 0.2
output = 0.8

[prices."prudence-3"]
unit = "1M"
input = 2.0
output = 9.0

[prices."arbiter-1"]
unit = "1M"
input = 1.0
output = 4.0
"""


def declared(url: str) -> str:
    """The upstreams as a gateway's file declares them; the provider wants no key."""
    return _DECLARED.format(url=url)


def personas(known: References) -> tuple[Persona, ...]:
    """How they answer. A rate limit passes after a moment."""
    return (
        Persona(
            "swift-*",
            quality=0.96,
            json_slips=0,
            tool_slips=0,
            latency=(0.02, 0.0004),
            mishaps=(Mishap.limit(0.04, wait=0.05),),
        ),
        Persona("breeze-*", quality=0.93, tool_slips=0.45, verbosity=1.6, latency=(0.01, 0.0002)),
        Persona("prudence-*", quality=0.98, refusals=0.12, latency=(0.04, 0.0008)),
        Persona("arbiter-*", says=Judge(known)),
    )
