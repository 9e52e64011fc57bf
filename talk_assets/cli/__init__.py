"""The command `talk`: its commands by name, and how it ends when something is wrong.

A command lives in a module of its own beside this one and is named in `_COMMANDS`; it reads its arguments, calls the
part of the package that does the work, and shows the result through `output`. Nothing is decided here. A module is
imported when its command runs, so that a quick command stays quick.
"""

import codecs
import io
import sys
from importlib import import_module
from typing import Any

import click

from talk_assets.errors import UNWRITABLE, TalkError

_COMMANDS = {
    "init": "talk_assets.cli.init",
    "sync": "talk_assets.cli.sync",
    "status": "talk_assets.cli.status",
    "explain": "talk_assets.cli.explain",
    "history": "talk_assets.cli.history",
    "held": "talk_assets.cli.held",
    "review": "talk_assets.cli.review",
    "duplicates": "talk_assets.cli.duplicates",
    "conflicts": "talk_assets.cli.conflicts",
    "rewritten": "talk_assets.cli.rewritten",
    "totals": "talk_assets.cli.totals",
    "backup": "talk_assets.cli.backup",
    "restore": "talk_assets.cli.backup",
    "link": "talk_assets.cli.acts",
    "unlink": "talk_assets.cli.acts",
    "retry": "talk_assets.cli.acts",
    "resolve": "talk_assets.cli.acts",
    "approve": "talk_assets.cli.acts",
    "undo": "talk_assets.cli.undo",
    "doc": "talk_assets.cli.doc",
    "config": "talk_assets.cli.config",
    "authorise": "talk_assets.cli.authorise",
    "ui": "talk_assets.cli.ui",
    "sandbox": "talk_assets.cli.sandbox",
}
"""Each module defines a click command under the command's own name. The order is that of `talk --help`."""


PLAIN = {"→": "->", "─": "-", "►": ">", "…": "...", "\u2013": "-", "—": "-", "\u2019": "'"}
"""What stands for a character that a terminal cannot show; for any other it is a question mark."""


class _Failure(click.ClickException):
    """One line on stderr, exit status 1."""

    def show(self, file: object = None) -> None:  # noqa: ARG002 -- click's own signature
        click.echo(f"talk: {' '.join(self.message.splitlines())}", err=True)


class _Talk(click.Group):
    """Finds commands by name without importing the others, and turns every TalkError into one line.

    So it does with what the operating system says of a folder that cannot be written. Any other error keeps its
    traceback.
    """

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401 -- click's own signature
    ) -> click.Context:
        _show_what_can_be_shown()
        return super().make_context(info_name, args, parent, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's own signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- as above
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(import_module(_COMMANDS[cmd_name]), cmd_name)
        return command if isinstance(command, click.Command) else None

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except TalkError as error:
            raise _Failure(str(error)) from error
        except OSError as error:
            if error.errno not in UNWRITABLE:
                raise
            raise _Failure(_unwritten(error)) from error
        except KeyboardInterrupt:
            click.echo("talk: stopped. What was under way is reconciled by the next run.", err=True)
            ctx.exit(130)


def _unwritten(error: OSError) -> str:
    where = error.filename or "the output"
    return (
        f"{where}: cannot be written ({error.strerror}). Make the folder writable, or free some space, and run again."
    )


def _show_what_can_be_shown() -> None:
    """A terminal that cannot show a character is no reason to stop: it is shown another one."""
    codecs.register_error("talk", _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="talk")


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    shown = "".join(PLAIN.get(letter, "?") for letter in error.object[error.start : error.end])
    return shown, error.end


COMPLETION = """\b
To complete commands with Tab, add the line of your shell to its startup file:
  bash  eval "$(_TALK_COMPLETE=bash_source talk)"
  zsh   eval "$(_TALK_COMPLETE=zsh_source talk)"
  fish  _TALK_COMPLETE=fish_source talk | source
"""


@click.group(
    cls=_Talk, epilog=COMPLETION, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="talk-assets", message="%(version)s")
def talk() -> None:
    """Two-way synchronisation of business systems: records are linked, merged and kept in sync."""


def main() -> None:
    """Run `talk` with the process's arguments, and exit: 0 done, 1 it could not be, 2 wrong usage, 130 interrupted."""
    talk(prog_name="talk")
