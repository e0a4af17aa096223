"""A recorded call as comparators look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.evaluation.comparing.comparator import Side
from tokentape.protocols.canonical.reply import Reply

if TYPE_CHECKING:
    from tokentape.evaluation.corpus.row import Row


def recorded(row: Row) -> Side:
    """The recorded answer."""
    reply = row.reply
    if reply is None:
        return Side(Reply(()), is_whole=False)
    price = row.price
    return Side(reply, row.is_whole, row.seconds, row.first, row.usage, price.usd, price.reason)
