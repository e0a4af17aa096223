"""`tokentape`: the group that loads a command's file only when that command is asked for."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from tokentape import __version__
from tokentape.errors import CassetteError, TokentapeError, UsageError

COMMANDS = {
    "demo": "record and replay a short agent run against a bundled provider, offline",
    "show": "a recording as a conversation",
    "ls": "the cassettes under a folder, or the interactions of one",
    "import": "turn cassettes of other tools into tokentape's",
    "rekey": "recompute the match keys of a cassette",
    "doctor": "what is installed, patched and in force, and why",
    "completion": "the shell's completion script",
}


class _Commands(click.Group):
    """Commands by name, each from a module of the same name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"tokentape.cli.{cmd_name.replace('import', 'import_')}").command
        if not isinstance(command, click.Command):
            raise TypeError(f"{cmd_name} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tokentape")
def tokentape() -> None:
    """A flight recorder for LLM traffic: record a call once, replay it forever, byte for byte."""


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 a replay that failed, 2 wrong input (one line says why)."""
    try:
        code = tokentape(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (UsageError, CassetteError) as error:
        _fail(error, 2)
    except TokentapeError as error:
        _fail(error, 1)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(error: TokentapeError, code: int) -> None:
    click.echo(f"tokentape: {error}", err=True)
    sys.exit(code)
