"""What the tests of streamed and whole replies share: the way there and back, and JSON nobody expects."""

from __future__ import annotations

from hypothesis import strategies as st

from tokentape.protocols.payload import payloads
from tokentape.protocols.synthesis import Asked
from tokentape.protocols.table import dialect_named
from tokentape.wire.message import Response

texts = st.text(max_size=40)
names = st.text(alphabet="abcdefgh", min_size=1, max_size=4).map("x_".__add__)
"""Of fields that no API has, today."""

scalars = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
extras = st.dictionaries(names, values, max_size=3)
tokens = st.integers(0, 10**6)


def synthesis(name):
    """The two directions of a dialect."""
    return dialect_named(name).synthesis()


def stream_of(name, events, asked=None):
    """The events, read back from the wire as a stream of the dialect's media type."""
    media = synthesis(name).stream_type(asked or Asked("https://h/", {}))
    reply = Response(200, "", (("Content-Type", media),), b"".join(events), tuple(map(len, events)))
    return payloads(reply, asked=True)


def unfolded(name, reply, asked=None):
    """The stream that is made of a reply; its end is the dialect's own."""
    asked = asked or Asked("https://h/", {"stream_options": {"include_usage": True}})
    stream = stream_of(name, synthesis(name).unfold(reply, asked), asked)
    assert dialect_named(name).stream.is_complete(stream) is True
    return stream


def there_and_back(name, reply, asked=None):
    """A reply made into a stream, and the stream into a reply."""
    return synthesis(name).fold(unfolded(name, reply, asked))


def changed(value, *names, by=None):
    """The value without fields of these names, wherever they are; `by` changes every other object."""
    if isinstance(value, dict):
        kept = {name: changed(entry, *names, by=by) for name, entry in value.items() if name not in names}
        return by(kept) if by else kept
    return [changed(entry, *names, by=by) for entry in value] if isinstance(value, list) else value
