"""The part of a block that a replay needs: what came back, how it ended, when. The request is not read.

A replayed request is equal to the recorded one, so parsing the recorded one again would only cost time.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokentape.cassettes.format.fields import Fields, Place
from tokentape.cassettes.format.folding import MARK
from tokentape.cassettes.format.interaction import read_ended, read_timing
from tokentape.cassettes.format.layout import RESPONSE, is_unedited
from tokentape.cassettes.format.message import read_response
from tokentape.wire.interaction import Interaction

if TYPE_CHECKING:
    from tokentape.wire.message import Request


def parse_answer(block: str, place: Place, request: Request) -> Interaction | None:
    """The interaction with `request` in place of its own; None where the block must be parsed whole.

    That is so if its request was edited, or it is not laid out as we write it. Raises `CassetteCorrupt`.
    """
    start = block.find(RESPONSE)
    if start < 0 or not is_unedited(block):
        return None
    try:
        data = json.loads("{" + block[start + 2 :])
    except ValueError:
        return None
    fields = Fields(data, place)
    response = None
    if data.get("response") is not None:
        response = read_response(fields.object("response"), place, folded=MARK in block)
    ended, timing = read_ended(fields.object("ended")), read_timing(fields.object("timing"))
    return Interaction(place.id, request, response, ended, timing)
