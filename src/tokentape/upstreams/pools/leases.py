"""A credential on loan to one try, or what there is to wait for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.upstreams.failures import FailureClass
    from tokentape.upstreams.pools.keys import Group, Key, Ticket
    from tokentape.upstreams.upstream import Candidate, Credential


@dataclass(slots=True, eq=False)
class Lease:
    """A credential on loan. Give it back with `Pools.release`, whatever happens.

    `key`, `group` and `tickets` are the pools' own.
    """

    candidate: Candidate
    credential: Credential
    call: int
    begun: float
    key: Key = field(repr=False)
    group: Group = field(repr=False)
    tickets: list[Ticket] = field(default_factory=list, repr=False)
    is_open: bool = True

    @property
    def label(self) -> str:
        """`upstream/model#credential`: for headers, traces and logs."""
        return f"{self.candidate.label}#{self.credential.name}"

    @property
    def bound(self) -> str:
        """`upstream#credential`: what state that only this credential can read is bound to."""
        return f"{self.candidate.upstream.name}#{self.credential.name}"


@dataclass(frozen=True, slots=True)
class Wait:
    """No credential of a candidate can be had until then, by the clock (infinite: nobody knows). `busy`: one
    may be given back before; `whole`: it is the model or the upstream that rests, whatever the credential.
    `what` rests: "openai", "openai/gpt-5", "openai/gpt-5#key1".
    """

    until: float
    kind: FailureClass
    what: str
    busy: bool = False
    whole: bool = False
