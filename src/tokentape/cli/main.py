"""`tokentape`: the group that loads a command's file only when that command is asked for."""

from __future__ import annotations

import errno
import os
import sys
from difflib import get_close_matches
from importlib import import_module
from io import TextIOWrapper

import click

from tokentape import __version__
from tokentape.errors import CassetteError, TokentapeError, UsageError

COMMANDS = {
    "demo": "record and replay a short agent run against a bundled provider, offline",
    "run": "run a program, unmodified, with a cassette",
    "show": "a recording as a conversation",
    "ls": "the cassettes under a folder, or the interactions of one",
    "translate": "a request or reply in another dialect, and what it loses",
    "serve": "record, replay and translate for every language, behind one address",
    "trace": "what the gateway did with a request, form by form",
    "import": "turn cassettes of other tools into tokentape's",
    "migrate": "ask a corpus again of another model, compare the answers, and price them",
    "report": "what a migration found, offline: console, Markdown, JSON, CSV, HTML",
    "drift": "ask the same models again: do they still answer the same?",
    "annotate": "say of recordings what they are: categories and other metadata",
    "export": "a corpus as Parquet",
    "score": "answers in Parquet files compared by Daft, here or on a Ray cluster",
    "rekey": "recompute the match keys of a cassette",
    "doctor": "what is installed, patched and in force, and why",
    "completion": "the shell's completion script",
}

_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
"""What a full disk says."""


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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            close = get_close_matches(name, COMMANDS, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(COMMANDS)}"
            raise click.UsageError(f"unknown command {name!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tokentape")
def tokentape() -> None:
    """A flight recorder for LLM traffic: record a call once, replay it forever, byte for byte."""


def main() -> None:
    """Run the command line. Exit codes: 0 done, 1 a replay or a gate that failed, 2 wrong input (one line
    says why), 3 an evaluation that is not complete, 130 interrupted.
    """
    _print_anything()
    try:
        code = tokentape(prog_name="tokentape", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Abort:
        sys.exit(130)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.UsageError as error:
        _fail(_in_one_line(error), 2)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    except (UsageError, CassetteError) as error:
        _fail(str(error), 2)
    except TokentapeError as error:
        _fail(str(error), 1)
    except BrokenPipeError:
        _drop_output()
        sys.exit(0)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _drop_output()
        _fail(f"the output cannot be written: {error.strerror}", 2)
    sys.exit(code if isinstance(code, int) else 0)


def _print_anything() -> None:
    """Recordings hold any text; a terminal that cannot show a letter gets its number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _in_one_line(error: click.UsageError) -> str:
    """What click says in four lines and more."""
    said = " ".join(error.format_message().split()).removesuffix(".")
    path = error.ctx.command_path if error.ctx else "tokentape"
    return f"{said}; see: {path} --help"


def _drop_output() -> None:
    """Whoever read our output has seen enough (`| head`), or has no room for it. Nothing may be flushed there
    at exit.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(problem: str, code: int) -> None:
    click.echo(f"tokentape: {problem}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
