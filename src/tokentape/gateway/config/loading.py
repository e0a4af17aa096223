"""A configuration from where it comes: a file, what the command line and the environment say, or nothing."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tokentape import settings
from tokentape.gateway.config.building import build
from tokentape.gateway.config.document import Document
from tokentape.gateway.config.printing import printed
from tokentape.gateway.config.reading import Changes, ConfigError, Read, read_file, read_text
from tokentape.gateway.config.secrets import Secrets
from tokentape.gateway.config.settled import Config
from tokentape.gateway.tapes import RecordOptions


@dataclass(frozen=True, slots=True)
class Source:
    """Where a configuration comes from; a reload reads it anew. `path` None: there is no file, and `text`
    is what it would say. `salt` keeps clients apart where the configuration names none: the same for all
    workers, and for each reload.
    """

    path: str | None = None
    changes: Changes = field(default_factory=dict)
    text: str = ""
    salt: bytes = field(default_factory=lambda: os.urandom(32), repr=False)

    def read(self) -> Read:
        """Its tables, and what is wrong with them. Raises `ConfigError` for what cannot be read at all."""
        if self.path is not None:
            return read_file(self.path, self.changes)
        return read_text(self.text, "the options", changes=self.changes)

    def load(self, variable: Callable[[str], str | None] = settings.variable) -> Config:
        """The configuration. Raises `ConfigError` with everything that is wrong."""
        config = build(self.read(), variable)
        return replace(
            config,
            safety=replace(config.safety, salt=config.safety.salt or self.salt),
            lasting=replace(config.lasting, record=self._recorded(config)),
        )

    def _recorded(self, config: Config) -> RecordOptions:
        """TOKENTAPE_MODE wins over the mode of a file, and the command line over both."""
        record, mode = config.lasting.record, config.document.record.mode
        return (
            record if mode is None or ("record", "mode") not in self.changes else replace(record, mode=mode)
        )

    def shown(self, variable: Callable[[str], str | None] = settings.variable) -> str:
        """The configuration in force as TOML, defaults included and without secrets. Raises `ConfigError`."""
        read = self.read()
        if read.problems:
            raise ConfigError(read.path, read.problems)
        return shown(read.document, variable, read.folder)


def shown(document: Document, variable: Callable[[str], str | None], folder: str = ".") -> str:
    """A document as TOML; behind a reference to a secret stands whether it is there."""
    return printed(document, Secrets(variable, folder).has)
