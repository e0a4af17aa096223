"""Log probabilities over the chunks of a stream: each token with its text, where that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import fields, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def spread(deltas: list[Fields], choice: Fields) -> Iterator[tuple[Fields, Fields]]:
    """Each delta, and the `logprobs` field of its chunk ({} where the whole reply has none).

    Where the tokens are the text, the text is cut into its tokens; else all of them come at once, with
    the first delta after the role, since nothing says where they belong.
    """
    if "logprobs" not in choice:
        for delta in deltas:
            yield (delta, {})
        return
    likely = choice["logprobs"]
    name = _told(likely, choice)
    blank: Fields = {"logprobs": None}
    opened, *rest = deltas
    yield opened, blank if rest or likely is None else {"logprobs": likely}
    if name:
        others: Fields = dict.fromkeys(fields(likely))
        for token in _tokens(likely, name):
            yield {name: token.get("token")}, {"logprobs": {**others, name: [token]}}
        rest = [delta for delta in rest if name not in delta]
        likely = None
    for nth, delta in enumerate(rest):
        yield delta, {"logprobs": likely} if nth == 0 else blank


def _told(likely: Json, choice: Fields) -> str:
    """The text whose tokens these are, "content" or "refusal"; "" where they are not just that text."""
    message = fields(choice.get("message"))
    known = [name for name, value in fields(likely).items() if value is not None]
    if (
        known not in (["content"], ["refusal"])
        or message.get("reasoning")
        or message.get("reasoning_content")
    ):
        return ""
    said = "".join(text(token.get("token")) for token in _tokens(likely, known[0]))
    return known[0] if said and said == message.get(known[0]) else ""


def _tokens(likely: Json, name: str) -> list[Fields]:
    tokens = fields(likely).get(name)
    return [fields(token) for token in tokens] if isinstance(tokens, list) else []
