"""Secrets: read from variables and files when the configuration is loaded, and shown nowhere."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field

from tokentape.gateway.config.values import SecretRef
from tokentape.upstreams.upstream import Secret

LONGEST = 64 * 1024
"""Bytes of a file with a secret: whatever is longer is another file."""


@dataclass(slots=True)
class Secrets:
    """Reads secrets. `variable` reads the environment; paths are relative to `folder`.

    What is wrong goes to `problems` and `warnings`, by the place in the configuration: a secret that
    cannot be had is None.
    """

    variable: Callable[[str], str | None]
    folder: str = "."
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    """The files that were read."""

    def read(self, ref: SecretRef, where: str) -> Secret | None:
        """The secret, or None and a problem."""
        secret = self.read_text(ref, where)
        if secret is not None and any(letter in secret.reveal() for letter in "\r\n\0"):
            self.problems.append(f"{where}: {ref} holds several lines; a key is one line")
            return None
        return secret

    def read_text(self, ref: SecretRef, where: str) -> Secret | None:
        """One that may have several lines: the key of an account."""
        text = self._of_variable(ref.place, where) if ref.source == "env" else self._of_file(ref.place, where)
        return None if text is None else Secret(text)

    def has(self, ref: SecretRef) -> bool:
        """True if it is there, as far as one can tell without reading it."""
        if ref.source == "env":
            return bool((self.variable(ref.place) or "").strip())
        return os.path.isfile(self.path(ref.place))

    def _of_variable(self, name: str, where: str) -> str | None:
        value = self.variable(name)
        if value is None:
            self.problems.append(f"{where}: the variable {name} is not set; set it, or take the key out")
        elif not value.strip():
            self.problems.append(f"{where}: the variable {name} is empty; set it, or take the key out")
            value = None
        return value.strip() if value is not None else None

    def _of_file(self, path: str, where: str) -> str | None:
        path = self.path(path)
        self.files.append(path)
        try:
            with open(path, "rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                data = file.read(LONGEST + 1)
        except OSError as error:
            self.problems.append(f"{where}: cannot read {path}: {error.strerror}; mend the path")
            return None
        if mode & (stat.S_IROTH | stat.S_IWOTH):
            self.warnings.append(f"{where}: {path} can be read by everybody here; chmod 600 it")
        text = data.decode("utf-8", "replace").strip()
        if not text or len(data) > LONGEST:
            what = "is empty" if not text else f"is longer than {LONGEST} bytes"
            self.problems.append(f"{where}: {path} {what}; write the key into it, and nothing else")
            return None
        return text

    def path(self, path: str) -> str:
        """The path, from the folder of the configuration."""
        return os.path.join(self.folder, os.path.expanduser(path))
