"""Cohere's codec: chat, version 2, both ways."""

from __future__ import annotations

from tokentape.protocols.codec import Codec
from tokentape.protocols.cohere.failures import read_failure, write_failure
from tokentape.protocols.cohere.form import NAME
from tokentape.protocols.cohere.options import OPTIONS
from tokentape.protocols.cohere.read_reply import read_reply
from tokentape.protocols.cohere.read_request import read_request
from tokentape.protocols.cohere.read_stream import Reader
from tokentape.protocols.cohere.write_reply import write_reply
from tokentape.protocols.cohere.write_request import write_request
from tokentape.protocols.cohere.write_stream import Writer

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
    meaning=frozenset({"documents", "safety_mode", "connectors", "raw_prompting"}),
)
