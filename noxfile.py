"""The matrix: the SDK and HTTP tests against versions side by side. `nox` runs all, `nox -s NAME` one."""

from __future__ import annotations

import sys
from pathlib import Path

import nox
from nox.command import CommandFailed

sys.path.insert(0, str(Path(__file__).parent))

from matrix.environments import ENVIRONMENTS

from matrix import report

MATRIX = [name for name, environment in ENVIRONMENTS.items() if environment.is_run]

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = False

TESTS = (
    "pytest",
    "pytest-asyncio",
    "pytest-xdist",
    "hypothesis",
    "jsonschema",
    "trio",
    "starlette",
    "pyyaml",
    "tenacity",
    "h2",
)
SDK_TESTS = ("tests/sdks", "tests/test_modes.py", "tests/test_scope.py", "tests/test_process.py")
AIOHTTP_TESTS = tuple(
    f"tests/interceptors/test_aiohttp{part}.py" for part in ("", "_bodies", "_connections", "_contract")
)

VERSIONS = {
    "sdks-before-httpx2": ("openai<3", "anthropic<1", "google-genai<3", "httpx==0.28.1"),
    "only-httpx": ("httpx==0.27.2", "openai<3"),
    "only-httpx2": ("httpx2", "openai>=3", "anthropic>=2", "mistralai>=3"),
    "oldest-httpx": ("httpx==0.23.3",),
    "first-httpx2": ("httpx==0.28.1", "httpx2==2.0.0"),
    "oldest-aiohttp": ("aiohttp==3.9.5", "uvloop", "httpx2", "openai>=3"),
    "aiohttp-3.12": ("aiohttp==3.12.15", "uvloop", "httpx2", "openai>=3", "aioresponses"),
}
"""Environments with just these versions."""


@nox.session
@nox.parametrize("versions", list(VERSIONS), ids=list(VERSIONS))
def versions(session: nox.Session, versions: str) -> None:
    """The SDK and interceptor tests in an environment with just these versions."""
    session.install("-e", ".", *TESTS, *VERSIONS[versions])
    session.run("pytest", "-q", "-n", "2", *SDK_TESTS, *AIOHTTP_TESTS, "tests/coexistence/test_mocks.py")


URLLIB3_TESTS = (
    "tests/interceptors/test_urllib3.py",
    "tests/interceptors/test_urllib3_connections.py",
    "tests/interceptors/test_urllib3_contract.py",
    "tests/interceptors/test_requests.py",
    "tests/interceptors/test_httpclient.py",
    "tests/interceptors/test_httpclient_connecting.py",
    "tests/interceptors/test_httpclient_parts.py",
    "tests/sdks/test_boto3.py",
    "tests/sdks/test_google_auth.py",
    "tests/stacks/test_every_pair.py",
)
URLLIB3_VERSIONS = {
    "urllib3-1.26": ("urllib3==1.26.20", "requests==2.28.2"),
    "urllib3-2.0": ("urllib3==2.0.7", "requests==2.31.0"),
    "urllib3-now": ("urllib3", "requests", "h2"),
}
"""Old and new urllib3, each with the requests of its time."""


@nox.session
@nox.parametrize("versions", list(URLLIB3_VERSIONS), ids=list(URLLIB3_VERSIONS))
def urllib3(session: nox.Session, versions: str) -> None:
    """The tests of urllib3 and of what sends through it, with just these versions."""
    more = ("boto3", "google-auth", "cryptography", "responses", "requests-mock", "vcrpy")
    session.install("-e", ".", *TESTS, *more, *URLLIB3_VERSIONS[versions])
    session.run("pytest", "-q", "-n", "2", *URLLIB3_TESTS)


@nox.session
@nox.parametrize("environment", MATRIX, ids=MATRIX)
def sdk_matrix(session: nox.Session, environment: str) -> None:
    """Every SDK of one environment of the matrix; `python -m matrix` runs all and writes the page."""
    try:
        session.install("-e", ".", *ENVIRONMENTS[environment].requirements)
    except CommandFailed:
        report.keep(environment, [], "these versions could not be installed together")
        raise
    session.run("python", "-m", "matrix", "--here", "--environment", environment, *session.posargs)


@nox.session
def differential(session: nox.Session) -> None:
    """Our translations beside those of LiteLLM and llm-rosetta: each difference is listed."""
    session.install("-e", ".", *TESTS, "litellm==1.106.2", "llm-rosetta==0.13.0", "mcp")
    session.run("pytest", "-q", "tests/rosetta/test_differential.py", *session.posargs)


@nox.session
def agentrec(session: nox.Session) -> None:
    """Rows and scores beside those of agentrec, on one corpus: each difference is listed."""
    session.install("-e", ".[evaluation,fast,gateway]", *TESTS, "agentrec==1.0.0")
    session.run("pytest", "-q", "tests/evaluation/test_ev_agentrec.py", *session.posargs)


@nox.session
def ray(session: nox.Session) -> None:
    """The scoring of exported files on a real cluster, of this machine alone."""
    session.install("-e", ".[daft,gateway]", *TESTS, "ray>=2.40")
    session.run("pytest", "-q", "tests/evaluation/test_ev_bulk_ray.py", *session.posargs)


@nox.session
def clients(session: nox.Session) -> None:
    """The page about clients of the gateway, with those that want other versions of what the suite has."""
    more = ("llama-index-llms-openai-like", "pydantic-ai-slim[openai]", "litellm==1.106.2")
    session.install("-e", ".[gateway]", *TESTS, *more)
    session.run("pytest", "-q", "tests/gateway/test_gw_snippets.py", *session.posargs)


@nox.session
def bare(session: nox.Session) -> None:
    """Everything that works with no HTTP library installed at all."""
    session.install("-e", ".", *TESTS)
    session.run("pytest", "-q", "-n", "2")


@nox.session(python=["3.12", "3.13", "3.14"])
def pythons(session: nox.Session) -> None:
    """The whole suite on the other Pythons, where they are installed."""
    session.install("-e", ".[dev]")
    session.run("pytest", "-q", "-n", "2")
