"""Secrets to plant, and a cassette that is searched for them at every moment. All values are made up."""

from __future__ import annotations

import base64
import json
import logging
import warnings
from urllib.parse import quote

import tokentape
from tokentape.testing.provider import reply

TAIL = "9fK2mQ7xLw4RtZ8vB1nC"
SHAPED = f"sk-proj-{TAIL}_{TAIL}-{TAIL}"
OPAQUE = "q8Zt3VbN0sLk5WyR/7+zA"
"""A credential without a shape: only the place where it was seen tells what it is."""

OTHER = "sk-other-key-of-a-colleague-0001"


def forms(secret):
    """The secret as bytes: plain, quoted, JSON-escaped, and within any base64."""
    plain = secret.encode()
    found = {plain, quote(secret, safe="").encode(), json.dumps(secret)[1:-1].encode()}
    for lead in range(3):
        code = base64.b64encode(b"\0" * lead + plain)
        found.add(code[(0, 2, 3)[lead] : len(code) // 4 * 4 - 4])
    return found


def left_of(secret, data):
    """The forms of the secret, and its halves, that are in `data`."""
    half = len(secret) // 2
    pieces = forms(secret) | {secret[:half].encode(), secret[half:].encode()}
    return sorted(piece for piece in pieces if piece in data)


class Vault:
    """Records and replays, looking through everything that is left behind at every moment."""

    def __init__(self, provider, folder, caplog):
        self.provider, self.folder, self.caplog = provider, folder / "tapes", caplog
        self.path = self.folder / "tape.json"
        caplog.set_level(logging.DEBUG)

    def record(self, work, *secrets, **options):
        """What `work(url)` returns; nothing of the secrets may be in journal, cassette, log or warning."""
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            with tokentape.use_cassette(self.path, mode="once", errors="record", **options) as deck:
                result = work(self.provider.url)
                self.check(*secrets, said=said)
                assert [path.suffix for path in self.folder.iterdir()] == [".journal"]
        assert deck.troubles == ()
        assert self.provider.count == len(json.loads(self.path.read_text())["interactions"])
        self.check(*secrets, said=said)
        return result

    def check(self, *secrets, said=()):
        logged = "\n".join(
            f"{record.getMessage()} {record.args}"
            for record in self.caplog.records
            if record.name.startswith("tokentape")
        )
        data = [path.read_bytes() + path.name.encode() for path in self.folder.rglob("*") if path.is_file()]
        assert data
        assert "tokentape" in {record.name.partition(".")[0] for record in self.caplog.records}
        data += [logged.encode(), "\n".join(str(warning.message) for warning in said).encode()]
        for secret in secrets:
            for text in data:
                assert left_of(secret, text) == [], text[:3000]

    def replay(self, work, *secrets, **options):
        """What `work(url)` returns with nothing sent: joined deltas and decoded bodies hold no secret."""
        seen = self.provider.count
        with tokentape.use_cassette(self.path, mode="none", **options) as deck:
            result = work(self.provider.url)
        assert deck.unused == []
        assert self.provider.count == seen
        for secret in secrets:
            assert left_of(secret, str(result).encode()) == []
        return result


def json_reply(value, headers=()):
    return reply(json.dumps(value).encode(), 200, (("content-type", "application/json"), *headers))
