"""Requests signed for AWS. Where the credential comes from: itself, the environment, or the shared files.

A credential's secret is `ID:SECRET` or `ID:SECRET:SESSION_TOKEN`. Region and service are options, or stand
in the host of the URL, or (the region) in the environment.
"""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tokentape.upstreams.auth.bare import bare
from tokentape.upstreams.auth.sigv4 import AwsKey, sign
from tokentape.upstreams.upstream import AuthFailed
from tokentape.wire.url import host_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokentape.upstreams.upstream import Secret
    from tokentape.wire.message import Request

_HOST = re.compile(
    r"(?:.+\.)?(bedrock|bedrock-(?:agent-)?runtime|sagemaker|bedrock-mantle)(?:-fips)?"
    r"\.([a-z]{2}(?:-[a-z]+)+-\d)\.(?:vpce\.)?(?:amazonaws\.com(?:\.cn)?|api\.aws)"
)
_SIGNED_AS = {"bedrock-runtime": "bedrock", "bedrock-agent-runtime": "bedrock"}


class AwsSignature:
    """Signs with Signature Version 4. `clock` is the time of day, in seconds since 1970."""

    def __init__(
        self,
        clock: Callable[[], float],
        environment: Mapping[str, str],
        *,
        region: str | None = None,
        service: str | None = None,
        profile: str | None = None,
    ) -> None:
        self._clock, self._environment = clock, environment
        self._region, self._service, self._profile = region, service, profile
        self._read: tuple[tuple[float, ...], AwsKey | None] | None = None

    async def signed(self, request: Request, secret: Secret | None) -> Request:
        """The request with its signature. Raises `AuthFailed` where no credential or region is known."""
        key = self._key(secret)
        region, service = self._place(host_of(request.url))
        return sign(bare(request), key, region, service, self._clock())

    async def refused(self, secret: Secret | None) -> bool:
        """True where the shared files say something else by now."""
        if secret is not None or self._read is None:
            return False
        before, self._read = self._read[1], None
        return self._from_files() != before

    def _place(self, host: str) -> tuple[str, str]:
        found = _HOST.fullmatch(host)
        told = self._environment.get("AWS_REGION") or self._environment.get("AWS_DEFAULT_REGION")
        region = self._region or (found[2] if found else told)
        named = found[1] if found else "bedrock"
        if not region:
            raise AuthFailed(f"aws: no region is known for {host}; set the auth option region, or AWS_REGION")
        return region, self._service or _SIGNED_AS.get(named, named)

    def _key(self, secret: Secret | None) -> AwsKey:
        if secret is not None:
            parts = secret.reveal().split(":", 2)
            if len(parts) < 2 or not all(parts):
                raise AuthFailed("aws: the credential must be ID:SECRET or ID:SECRET:SESSION_TOKEN")
            return AwsKey(*parts)
        key = (None if self._profile else self._from_environment()) or self._from_files()
        if key is None:
            raise AuthFailed(
                "aws: no credential: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile with "
                f"keys in {self._files()[0]} (profile {self._name()!r})"
            )
        return key

    def _from_environment(self) -> AwsKey | None:
        get = self._environment.get
        id_, secret = get("AWS_ACCESS_KEY_ID"), get("AWS_SECRET_ACCESS_KEY")
        return AwsKey(id_, secret, get("AWS_SESSION_TOKEN") or None) if id_ and secret else None

    def _name(self) -> str:
        return self._profile or self._environment.get("AWS_PROFILE") or "default"

    def _files(self) -> list[Path]:
        home = Path(self._environment.get("HOME") or Path.home()) / ".aws"
        get = self._environment.get
        return [
            Path(get("AWS_SHARED_CREDENTIALS_FILE") or home / "credentials"),
            Path(get("AWS_CONFIG_FILE") or home / "config"),
        ]

    def _from_files(self) -> AwsKey | None:
        """What the shared files say; they are read again when they change."""
        files = self._files()
        stamps = tuple(_stamp(file) for file in files)
        if self._read is None or self._read[0] != stamps:
            found = (_section(files[0], self._name()), _section(files[1], f"profile {self._name()}"))
            self._read = stamps, next((key for key in found if key is not None), None)
        return self._read[1]


def _stamp(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return -1.0


def _section(file: Path, name: str) -> AwsKey | None:
    """The credential of a profile. (In the second file the default one has no word before its name.)"""
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(file.read_text("utf-8"))
    except OSError:
        return None
    except (configparser.Error, UnicodeDecodeError) as error:
        raise AuthFailed(f"aws: {file} cannot be read: it is no file of profiles") from error
    name = "default" if name == "profile default" and parser.has_section("default") else name
    if not parser.has_section(name):
        return None
    get = parser[name].get
    id_, secret = get("aws_access_key_id"), get("aws_secret_access_key")
    return AwsKey(id_, secret, get("aws_session_token")) if id_ and secret else None
