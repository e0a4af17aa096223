"""Converse, both ways, put together."""

from __future__ import annotations

from tokentape.protocols.bedrock_converse.failures import read_failure, write_failure
from tokentape.protocols.bedrock_converse.media import NAME
from tokentape.protocols.bedrock_converse.options import PLACES
from tokentape.protocols.bedrock_converse.read_reply import read_reply
from tokentape.protocols.bedrock_converse.read_request import read_request
from tokentape.protocols.bedrock_converse.read_stream import Reader
from tokentape.protocols.bedrock_converse.write_reply import write_reply
from tokentape.protocols.bedrock_converse.write_request import write_request
from tokentape.protocols.bedrock_converse.write_stream import Writer
from tokentape.protocols.codec import Codec

CODEC = Codec(
    NAME,
    read_request,
    write_request,
    read_reply,
    write_reply,
    Reader,
    Writer,
    read_failure,
    write_failure,
    options=PLACES,
    meaning=frozenset({"guardrailConfig", "promptVariables"}),
    implied=frozenset({"metrics", "p"}),
    framing="eventstream",
)
