"""An agent on each real SDK: it keeps its history in the SDK's own objects, and runs tools."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

SYSTEM = "Be brief."
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "when": {"type": "object"}},
    "required": ["city"],
}
NORMAL = ("tool_calls", "tool_use", "TOOL_CALL", "completed")
NOTHING = {"type": "object", "properties": {}}
TOOLS = {
    "get_weather": ("Weather of a city.", WEATHER),
    "get_time": ("What time it is.", NOTHING),
}


@dataclass
class Called:
    """A call as the SDK shows it; `id` is None where the SDK has none."""

    id: str | None
    name: str
    arguments: dict


@dataclass
class Said:
    """A reply as the SDK shows it: `ended` in its own word, `used` input and output tokens, `error`
    what a reply tells that failed without an exception.
    """

    text: str = ""
    thought: str = ""
    calls: list[Called] = field(default_factory=list)
    ended: str | None = None
    used: tuple = (None, None)
    error: str = ""


def parsed(arguments, ended):
    """The arguments of a call; of a reply that broke off, nobody reads them."""
    return json.loads(arguments or "{}") if ended in NORMAL else {}


class Agent:
    """One conversation. `ask` and `answer` send, and give what was `Said`.

    Of each SDK: `module`; the `words` of its replies that ended for tools, by themselves, by the limit;
    `keeps_ids`, whether calls have ids; `error`, what all its errors are, and `errors` by status.
    """

    module = ""
    words: tuple = ()
    keeps_ids = True

    def __init__(self, url, model, *, stream, thinks=False):
        self.url, self.model, self.stream, self.thinks = url, model, stream, thinks
        self.history = []
        self.client = self.connect()

    def connect(self):
        """The SDK's client, pointed at the gateway, that tries once."""
        raise NotImplementedError

    def close(self):
        self.client.close()

    def move(self, url):
        """Go on elsewhere, with the history so far."""
        self.close()
        self.url = url
        self.client = self.connect()

    def user(self, text):
        """The user's message."""
        return {"role": "user", "content": text}

    def results(self, given):
        """The messages that hold the results: pairs of a call and its text."""
        raise NotImplementedError

    def send(self):
        """Send the history; the reply goes to its end, in the SDK's own form."""
        raise NotImplementedError

    def ask(self, text):
        self.history.append(self.user(text))
        return self.send()

    def answer(self, given):
        self.history += self.results(given)
        return self.send()

    @property
    def error(self):
        """What all errors of the SDK are."""
        raise NotImplementedError

    @property
    def errors(self):
        """Its errors by status."""
        raise NotImplementedError

    @staticmethod
    def status_of(error):
        return error.status_code
