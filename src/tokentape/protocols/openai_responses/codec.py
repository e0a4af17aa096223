"""Responses in canonical form and back: all parts of the codec, put together."""

from __future__ import annotations

from tokentape.protocols.codec import Codec
from tokentape.protocols.openai_responses.failures import read_failure, write_failure
from tokentape.protocols.openai_responses.names import ECHOED, IMPLIED, MEANING, NAME, OPTIONS
from tokentape.protocols.openai_responses.read_reply import read_reply
from tokentape.protocols.openai_responses.read_request import read_request
from tokentape.protocols.openai_responses.read_stream import Reader
from tokentape.protocols.openai_responses.write_reply import write_reply
from tokentape.protocols.openai_responses.write_request import write_request
from tokentape.protocols.openai_responses.write_stream import Writer

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
    meaning=MEANING,
    implied=IMPLIED,
    echoed=ECHOED,
)
