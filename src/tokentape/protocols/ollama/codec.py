"""Ollama's codec: chat and generate, both ways. A foreign conversation is always written as chat."""

from __future__ import annotations

from tokentape.protocols.codec import Codec
from tokentape.protocols.ollama.failures import read_failure, write_failure
from tokentape.protocols.ollama.form import NAME
from tokentape.protocols.ollama.options import OPTIONS
from tokentape.protocols.ollama.read_reply import read_reply
from tokentape.protocols.ollama.read_request import read_request
from tokentape.protocols.ollama.read_stream import Reader
from tokentape.protocols.ollama.write_reply import write_reply
from tokentape.protocols.ollama.write_request import write_request
from tokentape.protocols.ollama.write_stream import Writer

CODEC = Codec(
    dialect=NAME,
    read_request=read_request,
    write_request=write_request,
    read_reply=read_reply,
    write_reply=write_reply,
    reader=Reader,
    writer=Writer,
    read_failure=read_failure,
    write_failure=write_failure,
    options=OPTIONS,
    meaning=frozenset(
        {"raw", "template", "suffix", "context", "images", "tool_calls", "system", "width", "height"}
    ),
    implied=frozenset({"total_duration", "load_duration", "prompt_eval_duration", "eval_duration"}),
    framing="ndjson",
)
