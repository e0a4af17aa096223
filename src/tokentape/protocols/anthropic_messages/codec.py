"""Messages, read and written."""

from __future__ import annotations

from tokentape.protocols.anthropic_messages.failures import read_failure, write_failure
from tokentape.protocols.anthropic_messages.naming import NAME
from tokentape.protocols.anthropic_messages.options import IMPLIED, MEANING, PLACES
from tokentape.protocols.anthropic_messages.read_reply import read_reply
from tokentape.protocols.anthropic_messages.read_request import read_request
from tokentape.protocols.anthropic_messages.read_stream import Reader
from tokentape.protocols.anthropic_messages.write_reply import write_reply
from tokentape.protocols.anthropic_messages.write_request import write_request
from tokentape.protocols.anthropic_messages.write_stream import Writer
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
    meaning=MEANING,
    implied=IMPLIED,
)
