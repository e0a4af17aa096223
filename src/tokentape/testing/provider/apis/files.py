"""OpenAI's files: upload, list, look at, download, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.testing.provider import forms
from tokentape.testing.provider.reading import compact
from tokentape.testing.provider.shelf import Kept, Told

if TYPE_CHECKING:
    from tokentape.testing.provider.shelf import Asked
    from tokentape.wire.interaction import Json

PREFIX = "file-"


def files(asked: Asked) -> Told:
    """`/v1/files`, `/v1/files/{id}` and `/v1/files/{id}/content`."""
    name, _, rest = asked.seen.path.rpartition("/files")[2].strip("/").partition("/")
    method = asked.seen.method
    if not name:
        return _uploaded(asked) if method == "POST" else _listed(asked)
    kept = asked.shelf.drop(name) if method == "DELETE" else asked.shelf.get(name)
    if kept is None:
        return Told(f"No such File object: {name}".encode(), status=404)
    if method == "DELETE":
        return Told(compact({"id": name, "object": "file", "deleted": True}))
    if rest == "content":
        return Told(kept.data, "application/octet-stream")
    return Told(compact(kept.shown))


def _uploaded(asked: Asked) -> Told:
    given = forms.upload(asked.seen)
    if given is None:
        return Told(b"'file' is a required property", status=400)
    name = f"{PREFIX}{asked.serial.hex()}"
    shown: dict[str, Json] = {
        "id": name,
        "object": "file",
        "bytes": len(given.body),
        "created_at": asked.serial.created,
        "expires_at": None,
        "filename": given.filename,
        "purpose": forms.value(asked.seen, "purpose", "user_data"),
        "status": "processed",
        "status_details": None,
    }
    asked.shelf.put(name, Kept(shown, given.body))
    return Told(compact(shown))


def _listed(asked: Asked) -> Told:
    data: list[Json] = [dict(kept.shown) for kept in reversed(asked.shelf.all(PREFIX))]
    ends: dict[str, Json] = {"first_id": _id(data, 0), "last_id": _id(data, -1)}
    return Told(compact({"object": "list", "data": data, **ends, "has_more": False}))


def _id(data: list[Json], place: int) -> Json:
    one = data[place] if data else None
    return one["id"] if isinstance(one, dict) else None
