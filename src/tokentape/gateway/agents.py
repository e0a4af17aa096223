"""Coding agents as data: how each is pointed at the gateway, and what of its requests changes run by run.

What stands here was seen in requests of the programs themselves, in the version that is named; the tests
hold recordings of them (`tests/gateway/agent_records`). Which conversation a request belongs to is in
`conversations.markers`, what it is for in `classes`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.wire.message import header

if TYPE_CHECKING:
    from tokentape.gateway.tapes import RecordOptions
    from tokentape.protocols.canonical.losses import LossReport
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent.

    `user_agents` are beginnings of its user agent. `variables` are set in its environment and `settings`
    are lines of its own file `config`; "{url}" and "{key}" are filled in. `ignore` and `volatile` are
    options of a cassette: what changes each time it runs, though nothing else was asked. `native` are the
    kinds of tools that the provider runs itself, and that no other dialect can be asked for; `advice` says
    how its user turns them off.
    """

    name: str
    title: str
    dialect: str
    version: str
    user_agents: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]
    config: str = ""
    settings: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()
    native: tuple[str, ...] = ()
    advice: str = ""


DATE = r"\b20\d\d-\d\d-\d\d\b"

CLAUDE_CODE = Agent(
    "claude-code",
    "Claude Code",
    "anthropic.messages",
    "2.1.197",
    ("claude-cli/", "claude-code/"),
    (
        ("ANTHROPIC_BASE_URL", "{url}"),
        ("ANTHROPIC_API_KEY", "{key}"),
        # No telemetry, no update checks, no feedback: those go to hosts that are not the gateway.
        ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ),
    # The session stands in metadata.user_id; the billing line of the system text ends with a checksum of
    # the prompt, and the surroundings tell the day.
    ignore=("metadata.user_id",),
    volatile=(DATE, r"cc_version=[\w.]+"),
    native=("web_search_20250305",),
)

CODEX = Agent(
    "codex",
    "Codex CLI",
    "openai.responses",
    "0.169.0",
    ("codex_exec/", "codex_cli_rs/", "codex-tui/", "codex_vscode/"),
    (("OPENAI_API_KEY", "{key}"),),
    "~/.codex/config.toml",
    (
        'model_provider = "tokentape"',
        # Tools that OpenAI runs, or groups in its own way: no other dialect has a word for them.
        'web_search = "disabled"',
        "[features]",
        "multi_agent = false",
        "[model_providers.tokentape]",
        'name = "tokentape"',
        'base_url = "{url}/v1"',
        'env_key = "OPENAI_API_KEY"',
        'wire_api = "responses"',
    ),
    # Ids of turn, thread and window, and the time the turn began, are repeated in client_metadata. The
    # output of a command begins with a random name and the time it took.
    ignore=("client_metadata", "prompt_cache_key", "input[*].id"),
    volatile=(DATE, r"Chunk ID: [0-9a-f]+\nWall time: [\d.]+ seconds", r"Wall time: [\d.]+ seconds"),
    native=("web_search", "tool_search", "namespace", "image_generation", "local_shell"),
    advice='in ~/.codex/config.toml set web_search = "disabled", and multi_agent = false under [features]',
)

GEMINI_CLI = Agent(
    "gemini-cli",
    "Gemini CLI",
    "gemini",
    "0.61.0",
    ("GeminiCLI",),
    (("GOOGLE_GEMINI_BASE_URL", "{url}"), ("GEMINI_API_KEY", "{key}")),
    "~/.gemini/settings.json",
    (
        '{"security": {"auth": {"selectedType": "gemini-api-key"}},',
        ' "privacy": {"usageStatisticsEnabled": false}}',
    ),
    volatile=(DATE, r"Today's date is \w+, \w+ \d+, \d{4}"),
    native=("googleSearch", "urlContext"),
)

AGENTS = (CLAUDE_CODE, CODEX, GEMINI_CLI)


def agent_named(name: str) -> Agent:
    """The agent called so. Raises `UsageError`, which lists all."""
    found = next((agent for agent in AGENTS if agent.name == name), None)
    if found is None:
        known = ", ".join(agent.name for agent in AGENTS)
        raise UsageError(f"no agent {name!r} is known; known are {known}")
    return found


def agent_of(headers: Headers) -> Agent | None:
    """The agent that sends these headers; None for any other client."""
    user_agent = header(headers, "user-agent") or ""
    return next((agent for agent in AGENTS if user_agent.startswith(agent.user_agents)), None)


def advice_for(headers: Headers, losses: LossReport) -> str:
    """What the user of an agent can do about a refused request; "" where nothing is known."""
    agent = agent_of(headers)
    if agent is None or not agent.advice:
        return ""
    refused = {loss.what.removeprefix("tool ") for loss in losses.meaning}
    return f"{agent.title}: {agent.advice}" if refused & set(agent.native) else ""


def lines_for(agent: Agent, url: str, key: str | None = None) -> list[str]:
    """What to write so that the agent asks the gateway at `url`: for a shell, and for its own file."""
    url = url.rstrip("/")
    lines: list[str] = []
    for name, value in agent.variables:
        if value == "{key}" and key is None:
            lines.append(f"# {name}: your provider's key, or the gateway's own if it asks for one")
        else:
            lines.append(f"export {name}={value.replace('{url}', url).replace('{key}', key or '')}")
    if agent.settings:
        lines += [f"# {agent.config}:", *(f"#   {line.replace('{url}', url)}" for line in agent.settings)]
    return lines


def with_agent(record: RecordOptions, agent: Agent) -> RecordOptions:
    """Options under which another run of the agent asks for the same recordings."""
    match = record.options.match_on
    match = replace(match, ignore=(*match.ignore, *agent.ignore), volatile=(*match.volatile, *agent.volatile))
    return replace(record, options=replace(record.options, match_on=match))


QUIET = (
    "/api/event_logging",
    "/api/claude_code",
    "/api/claude_cli",
    "/api/oauth",
    "/api/organization",
    "/api/hello",
    "/api/frame",
)
"""How paths begin at which Claude Code looks after itself: counts, settings, its maker's greeting."""


def quiet_reply(method: str, path: str) -> tuple[int, Json] | None:
    """The answer to what an agent asks about itself, which never goes upstream: status and JSON.

    None for everything else. Claude Code looks whether somebody is there (HEAD on its base URL) before its
    first call, and goes on whatever it hears.
    """
    if method == "HEAD" and path in ("", "/"):
        return 200, {}
    if not path.startswith(QUIET):
        return None
    if path.startswith("/api/hello"):
        return 200, {"message": "hello"}
    return (200 if method == "POST" else 404), {}
