"""Everything that comes from outside the program's own code: environment and project configuration.

Precedence of the record mode, highest first: command line, `TOKENTAPE_MODE`, marker or argument,
`[tool.tokentape]` in pyproject.toml, `none` when `CI` is set, `once`.

Other variables: `TOKENTAPE_CASSETTE` (where `install()` records), `TOKENTAPE_CONFIG` (another file
than the nearest pyproject.toml; for `tokentape serve` its configuration), `TOKENTAPE_HOST` and
`TOKENTAPE_PORT` (where that listens), `TOKENTAPE_UPDATE_SNAPSHOTS` (as `--tokentape-update-snapshots`),
`TOKENTAPE_RUN` (set by `tokentape run` for its processes). No other
module reads the environment.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.cassettes.mode import RecordMode
from tokentape.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT_KEYS = frozenset(
    {
        "mode", "cassette_dir", "snapshot_dir", "match_on", "ignore", "volatile", "record", "repeat",
        "redact", "errors", "synthesize",
        "filter_headers", "filter_query", "filter_json", "max_age", "on_expired", "pace", "on_miss", "hosts",
        "compare", "on_drift", "allow_hosts", "block_network",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ModeChoice:
    """The mode in force and where it came from, for messages and `doctor`."""

    mode: RecordMode
    source: str


@dataclass(frozen=True, slots=True)
class Project:
    """`[tool.tokentape]` of the nearest pyproject.toml; empty where there is none."""

    path: str = ""
    options: Mapping[str, object] = field(default_factory=dict)


_command_line: list[ModeChoice] = []


def set_command_line_mode(name: str | None, option: str = "--tokentape-mode") -> None:
    """Make the command line's mode win over everything, or (None) take it back.

    Raises `UsageError` for an unknown mode.
    """
    _command_line.clear()
    if name is not None:
        _command_line.append(ModeChoice(RecordMode.of(name, option), option))


def resolve_mode(argument: str | RecordMode | None = None) -> ModeChoice:
    """The mode in force, and who said so. Raises `UsageError` for an unknown mode, wherever it stands."""
    if _command_line:
        return _command_line[0]
    variable = os.environ.get("TOKENTAPE_MODE", "")
    if variable.strip():
        return ModeChoice(RecordMode.of(variable, "TOKENTAPE_MODE"), "TOKENTAPE_MODE")
    if argument is not None:
        return ModeChoice(RecordMode.of(argument), "argument")
    config = project()
    if "mode" in config.options:
        where = f"{config.path} [tool.tokentape] mode"
        return ModeChoice(RecordMode.of(str(config.options["mode"]), where), where)
    if in_ci():
        return ModeChoice(RecordMode.NONE, "CI is set")
    return ModeChoice(RecordMode.ONCE, "default")


def sources() -> list[tuple[str, str]]:
    """Each place that may set the mode, highest first, and what it says ("-": nothing)."""
    config = project()
    return [
        ("command line", _command_line[0].mode.value if _command_line else "-"),
        ("TOKENTAPE_MODE", os.environ.get("TOKENTAPE_MODE") or "-"),
        ("marker or argument", "in the code"),
        (f"{config.path or 'pyproject.toml'} [tool.tokentape]", str(config.options.get("mode", "-"))),
        ("CI", os.environ.get("CI") or "-"),
    ]


def in_ci() -> bool:
    """True if the environment says this is continuous integration (`CI=true` or `CI=1`)."""
    return os.environ.get("CI", "").strip().lower() in {"true", "1", "yes"}


def updates_snapshots() -> bool:
    """True if the environment says that snapshots follow the replies of this run."""
    return os.environ.get("TOKENTAPE_UPDATE_SNAPSHOTS", "").strip().lower() in {"true", "1", "yes"}


def blocks_network() -> bool:
    """True if the project's tests run with the network blocked. Raises `UsageError` for no yes or no."""
    config = project()
    value = config.options.get("block_network", False)
    if not isinstance(value, bool):
        raise UsageError(f"{config.path} [tool.tokentape]: block_network={value!r}; write true or false")
    return value


def default_cassette() -> str | None:
    """Where a process-wide recording goes if the program names no place."""
    return os.environ.get("TOKENTAPE_CASSETTE") or None


def variable(name: str) -> str | None:
    """A variable that a gateway's configuration names (`env:OPENAI_API_KEY`); None where it is not set."""
    return os.environ.get(name)


def gateway_file() -> str | None:
    """The configuration of `tokentape serve`, if the environment names one."""
    return os.environ.get("TOKENTAPE_CONFIG") or None


def gateway_place() -> dict[str, str | int]:
    """Where `tokentape serve` listens, as far as the environment says. Raises `UsageError` for a bad port."""
    place: dict[str, str | int] = {}
    if host := os.environ.get("TOKENTAPE_HOST"):
        place["host"] = host
    if port := os.environ.get("TOKENTAPE_PORT"):
        if not (port.isascii() and port.isdigit() and int(port) <= 65_535):
            raise UsageError(f"TOKENTAPE_PORT={port!r} is no port; use a number from 0 to 65535")
        place["port"] = int(port)
    return place


@dataclass(frozen=True, slots=True)
class RunJoined:
    """The run that this process belongs to: the folder it shares, and whether calls may be sent."""

    folder: str
    sends: bool


def run_joined() -> RunJoined | None:
    """The run that started this process, or None."""
    kind, _, folder = os.environ.get("TOKENTAPE_RUN", "").partition(":")
    return RunJoined(folder, kind == "record") if folder else None


def environment_of_run(folder: str = "", site: str = "", *, sends: bool = True) -> dict[str, str]:
    """The environment for a program: that of this process, and, with a `folder`, what makes it join that run.

    `site` comes first on PYTHONPATH. In mode `off` (no folder) a run around this one does not count either.
    """
    environment = {**os.environ, "TOKENTAPE_RUN": f"{'record' if sends else 'replay'}:{folder}"}
    own = environment.get("PYTHONPATH")
    paths = [path for path in own.split(os.pathsep) if path != site] if own else []
    return {**environment, "PYTHONPATH": os.pathsep.join([site, *paths])} if folder else environment


def project() -> Project:
    """The project's settings. Raises `UsageError` for a file that is not TOML or an unknown key."""
    path = os.environ.get("TOKENTAPE_CONFIG") or _nearest_pyproject(os.getcwd())
    if not path:
        return Project()
    try:
        stat = os.stat(path)
    except OSError as error:
        raise UsageError(f"TOKENTAPE_CONFIG: cannot read {path}: {error.strerror}") from None
    stamp = (path, stat.st_mtime_ns, stat.st_size)
    if stamp not in _seen:
        _seen.clear()
        _seen[stamp] = _read_project(path)
    return _seen[stamp]


_seen: dict[tuple[str, int, int], Project] = {}


def _nearest_pyproject(start: str) -> str:
    folder = start
    while True:
        candidate = os.path.join(folder, "pyproject.toml")
        if os.path.isfile(candidate):
            return candidate
        parent = os.path.dirname(folder)
        if parent == folder:
            return ""
        folder = parent


def _read_project(path: str) -> Project:
    import tomllib

    try:
        with open(path, "rb") as file:
            document = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: cannot read the project settings: {error}") from None
    options = document.get("tool", {}).get("tokentape", {})
    unknown = sorted(set(options) - PROJECT_KEYS)
    if unknown:
        known = ", ".join(sorted(PROJECT_KEYS))
        raise UsageError(f"{path} [tool.tokentape]: unknown setting {unknown[0]!r}; known are {known}")
    return Project(path, options)
