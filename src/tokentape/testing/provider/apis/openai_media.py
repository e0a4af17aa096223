"""OpenAI's endpoints beside text: images, speech, transcription, moderation."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING

from tokentape.testing.provider import forms
from tokentape.testing.provider.reading import at, compact, string
from tokentape.testing.provider.turn import count_tokens

if TYPE_CHECKING:
    from tokentape.testing.provider.seen import Seen
    from tokentape.testing.provider.turn import Serial
    from tokentape.wire.interaction import Json

CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)


def generated_images(seen: Seen, body: Json, serial: Serial) -> bytes:
    """`POST /v1/images/generations`."""
    count = at(body, "n")
    return _images(string(at(body, "prompt")), count if isinstance(count, int) else 1, serial)


def edited_images(seen: Seen, body: Json, serial: Serial) -> bytes:
    """`POST /v1/images/edits`, a form."""
    count = forms.value(seen, "n", "1")
    return _images(forms.value(seen, "prompt"), int(count) if count.isdecimal() else 1, serial)


def speech(seen: Seen, body: Json, serial: Serial) -> bytes:
    """`POST /v1/audio/speech`: a WAV of silence, a sample for each character."""
    samples = bytes(2 * len(string(at(body, "input"))))
    head = struct.pack("<IHHIIHH", 16, 1, 1, 24_000, 48_000, 2, 16)
    chunks = b"fmt " + head + b"data" + struct.pack("<I", len(samples)) + samples
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def transcription(seen: Seen, body: Json, serial: Serial) -> bytes:
    """`POST /v1/audio/transcriptions`, a form; the text names the file."""
    given = forms.upload(seen)
    size, name = (len(given.body), given.filename) if given else (0, "nothing")
    text = f"What was said in {name} ({size} bytes)."
    counts: dict[str, Json] = {"input_tokens": 1 + size // 1000, "output_tokens": count_tokens(text)}
    total: Json = 1 + size // 1000 + count_tokens(text)
    return compact({"text": text, "usage": {"type": "tokens", **counts, "total_tokens": total}})


def moderation(seen: Seen, body: Json, serial: Serial) -> bytes:
    """`POST /v1/moderations`: nothing is ever flagged."""
    given = at(body, "input")
    inputs = given if isinstance(given, list) and all(isinstance(one, str) for one in given) else [given]
    result: Json = {
        "flagged": False,
        "categories": dict.fromkeys(CATEGORIES, False),
        "category_scores": dict.fromkeys(CATEGORIES, 0.0001),
        "category_applied_input_types": {name: ["text"] for name in CATEGORIES},
    }
    model = string(at(body, "model"), "omni-moderation-latest")
    return compact({"id": f"modr-{serial.hex()}", "model": model, "results": [result for _ in inputs]})


def _images(prompt: str, count: int, serial: Serial) -> bytes:
    shown = [base64.b64encode(png(serial.hex(f"image {i}", 6))).decode() for i in range(count)]
    tokens = count_tokens(prompt)
    usage: Json = {
        "input_tokens": tokens,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": tokens},
        "output_tokens": 272 * count,
        "total_tokens": tokens + 272 * count,
    }
    images: Json = [{"b64_json": image} for image in shown]
    return compact({"created": serial.created, "data": images, "usage": usage})


def png(colour: str) -> bytes:
    """A PNG of one pixel; `colour` is six hex digits."""
    row = zlib.compress(b"\0" + bytes.fromhex(colour))
    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", row) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
