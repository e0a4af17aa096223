"""Recorded requests of coding agents.

`agent_records/*.json` hold what the programs sent, seen on a loopback port: method, target, headers, and the shape of the
body. Texts are our own, ids are made up, tools have the agents' names and the types of their arguments.
"tools": "@NAME" stands for the list of that name, which several requests share.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tokentape.wire.message import Request

HERE = Path(__file__).parent / "agent_records"
FILES = {"claude-code": "claude_code", "codex": "codex_cli", "gemini-cli": "gemini_cli"}


@dataclass(frozen=True)
class AgentCall:
    """One request of an agent."""

    name: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    fields: dict | None

    @property
    def body(self) -> bytes | None:
        """The bytes that go out."""
        return None if self.fields is None else json.dumps(self.fields, ensure_ascii=False).encode()

    def request(self, url: str = "http://127.0.0.1:1") -> Request:
        """The request, to that address."""
        return Request(self.method, url + self.target, self.headers, self.body)

    def other_run(self) -> AgentCall:
        """The same request as the next run of the program sends it: other ids, another day."""

        def again(text: str) -> str:
            return text.replace("00000000-0000-4000-8000-", "00000000-0000-4000-9000-")

        fields = None if self.fields is None else json.loads(again(json.dumps(self.fields)))
        headers = tuple((name, again(value)) for name, value in self.headers)
        return AgentCall(self.name, self.method, self.target, headers, fields)


@cache
def calls(agent: str) -> dict[str, AgentCall]:
    """The requests of an agent by name, in the order they came."""
    data = json.loads((HERE / f"{FILES[agent]}.json").read_text(encoding="utf-8"))
    found = {}
    for call in data["calls"]:
        fields = call["body"]
        tools = fields.get("tools") if fields else None
        if isinstance(tools, str):
            fields = fields | {"tools": data["tools"][tools[1:]]}
        headers = tuple((name, value) for name, value in call["headers"])
        found[call["name"]] = AgentCall(call["name"], call["method"], call["target"], headers, fields)
    return found


def version(agent: str) -> str:
    """The version whose requests these are."""
    return json.loads((HERE / f"{FILES[agent]}.json").read_text(encoding="utf-8"))["version"]
