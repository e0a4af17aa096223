"""LiteLLM's translator, run by the interpreter of an environment that has it: jobs in by line, seconds out.

Job lines: `request N FILE` (Chat request to Messages by its two functions for that, bytes to bytes),
`completion N FILE` (the same by its public function, up to the HTTP client) and `stream N FILE` (Messages stream
to Chat chunks, lines to lines). Each answer is the seconds of one, over N.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import NoReturn

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_LOG"] = "ERROR"

import litellm
from litellm.litellm_core_utils.litellm_logging import Logging
from litellm.llms.anthropic.chat.handler import ModelResponseIterator
from litellm.llms.anthropic.chat.transformation import AnthropicConfig
from litellm.llms.custom_httpx.http_handler import HTTPHandler

MODEL = "claude-sonnet-4-5"
NOT_OPTIONS = {"model", "messages"}


def request(data: bytes) -> bytes:
    """As `litellm.completion` does between its caller and its HTTP client."""
    body = json.loads(data)
    options = litellm.utils.get_optional_params(
        model=MODEL,
        custom_llm_provider="anthropic",
        **{name: value for name, value in body.items() if name not in NOT_OPTIONS},
    )
    written = AnthropicConfig().transform_request(MODEL, body["messages"], options, {}, {})
    return json.dumps(written).encode()


class Sent(BaseException):
    """Thrown by the HTTP client that sends nothing, so that nobody handles it as an error of the wire."""


class Client(HTTPHandler):
    """An HTTP client at which a call ends."""

    def post(self, *given: object, **named: object) -> NoReturn:
        """The request is translated: that is all."""
        raise Sent


CLIENT = Client()


def completion(data: bytes) -> None:
    """As a program calls it, up to where the request would be sent."""
    body = json.loads(data)
    body["model"] = f"anthropic/{MODEL}"
    with suppress(Sent):
        litellm.completion(**body, api_key="none", client=CLIENT)
        raise RuntimeError("the call did not reach its client")


def stream(data: bytes) -> int:
    """As `litellm.completion(stream=True)` does, each chunk written as a server would write it."""
    lines = iter(data.decode().split("\n"))
    logging = Logging(MODEL, [{"role": "user", "content": "x"}], True, "completion", time.time(), "x", "x")
    logging.update_environment_variables(litellm_params={}, optional_params={}, model=MODEL)
    chunks = litellm.CustomStreamWrapper(
        ModelResponseIterator(lines, sync_stream=True), MODEL, logging, "anthropic"
    )
    return sum(len(b"data: " + chunk.model_dump_json().encode() + b"\n\n") for chunk in chunks)


JOBS = {"request": request, "completion": completion, "stream": stream}


def main() -> None:
    """Answer jobs until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the library prints now and then, also from threads
    print(metadata.version("litellm"), file=answers, flush=True)
    for line in sys.stdin:
        name, number, file = line.split()
        data = Path(file).read_bytes()
        JOBS[name](data)
        start = time.perf_counter()
        for _ in range(int(number)):
            JOBS[name](data)
        print((time.perf_counter() - start) / int(number), file=answers, flush=True)


if __name__ == "__main__":
    main()
