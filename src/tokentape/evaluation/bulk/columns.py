"""The columns of an exported row, in order: from this table files and their documentation are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tokentape.protocols.usage import COUNTS

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped, import-not-found, unused-ignore]

SCHEMA = "1"
"""The version of this table, under `tokentape.rows` in the metadata of a file."""

TEXT, INTEGER, NUMBER, FLAG, TIME, BYTES, COUNTED = (
    "string",
    "int64",
    "double",
    "bool",
    "timestamp[us, UTC]",
    "binary",
    "struct of int64",
)


class Column(NamedTuple):
    """One column: its name, its type, and what it says. All but the first ones may be null: unknown."""

    name: str
    kind: str
    says: str


COLUMNS: tuple[Column, ...] = (
    Column("nth", INTEGER, "the place of the row in the export, from 0"),
    Column("handle", TEXT, "a digest that names the recording: of its cassette, id and time"),
    Column("id", TEXT, "the id of the recording in its cassette"),
    Column("cassette", TEXT, "the place of the cassette"),
    Column("at", TIME, "when the call started"),
    Column("dialect", TEXT, "the API: `openai.chat`, `anthropic.messages`, ..."),
    Column("operation", TEXT, "the API and what was asked of it"),
    Column("conversation", FLAG, "it asks a model for an answer, in a dialect that can be read"),
    Column("provider", TEXT, "who answered: `openai`, `google`, ..., or the host"),
    Column("model", TEXT, "the model as the program calls it"),
    Column("answered", TEXT, "the model as the reply calls it"),
    Column("streamed", FLAG, "the program asked for a stream"),
    Column("category", TEXT, "`metadata.category`"),
    Column("metadata", TEXT, "all metadata, as a JSON object"),
    Column(
        "key",
        TEXT,
        "the semantic key: equal for the same prompt in any dialect; empty where it cannot be read",
    ),
    Column("same", TEXT, "a digest of prompt, model and parameters: equal for calls that are the same call"),
    Column("cluster", TEXT, "the conversation that the turn belongs to; null with `--all`, and of answers"),
    Column("times", INTEGER, "how many recordings of the call the row stands for"),
    Column("prompt", TEXT, "all texts of the request"),
    Column("reply", TEXT, "the text of the reply"),
    Column("calls", TEXT, "the calls of tools in the reply, as a JSON array of `id`, `name`, `arguments`"),
    Column("usage", COUNTED, f"tokens by kind: {', '.join(f'`{name}`' for name in COUNTS)}"),
    Column("cost", NUMBER, "US dollars, by the prices of the day of the export; null where no rate is known"),
    Column("seconds", NUMBER, "how long the call took"),
    Column("first", NUMBER, "seconds to the first chunk"),
    Column("status", INTEGER, "the status of the reply; null where none came"),
    Column("ended", TEXT, "how the call ended: `eof`, `cut`, `read_timeout`, ..."),
    Column("stop", TEXT, "why the model stopped: `end`, `length`, `tool_calls`, ..."),
    Column("whole", FLAG, "the whole answer is there: neither cut nor an error"),
    Column("why_not", TEXT, "why the row cannot be used, in words; empty where it can"),
    Column("target", TEXT, "of an answer: `upstream/model` that was asked; null for what was recorded"),
    Column("sample", INTEGER, "of an answer: its number, from 1"),
    Column("question", TEXT, "of an answer: the `handle` of the row that it answers"),
    Column("request", TEXT, "the body of the request, if it is JSON"),
    Column("response", TEXT, "the reply as JSON; that of a stream as its API gives it in one piece"),
    Column(
        "recording",
        BYTES,
        "the interaction as a cassette holds it, where these two do not suffice",
    ),
)


def arrow_schema(**metadata: str) -> pa.Schema:
    """The columns as Arrow has them."""
    import pyarrow as pa

    kinds = {
        TEXT: pa.string(),
        INTEGER: pa.int64(),
        NUMBER: pa.float64(),
        FLAG: pa.bool_(),
        TIME: pa.timestamp("us", tz="UTC"),
        BYTES: pa.binary(),
        COUNTED: pa.struct([(name, pa.int64()) for name in COUNTS]),
    }
    fields = [pa.field(each.name, kinds[each.kind]) for each in COLUMNS]
    return pa.schema(fields, {"tokentape.rows": SCHEMA, **metadata})
