"""Chat Completions in canonical form, both ways."""

from __future__ import annotations

from tokentape.protocols.codec import Codec
from tokentape.protocols.openai_chat.failures import read_failure, write_failure
from tokentape.protocols.openai_chat.options import IMPLIED, MEANING, NAME, OPTIONS
from tokentape.protocols.openai_chat.read_reply import read_reply
from tokentape.protocols.openai_chat.read_request import read_request
from tokentape.protocols.openai_chat.read_stream import ChatReader
from tokentape.protocols.openai_chat.write_reply import write_reply
from tokentape.protocols.openai_chat.write_request import write_request
from tokentape.protocols.openai_chat.write_stream import ChatWriter

CODEC = Codec(
    NAME,
    read_request,
    write_request,
    read_reply,
    write_reply,
    ChatReader,
    ChatWriter,
    read_failure,
    write_failure,
    OPTIONS,
    MEANING,
    IMPLIED,
)
