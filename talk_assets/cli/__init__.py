"""The command `talk`: its commands by name, and how it ends when something is wrong.

A command lives in a module of its own beside this one and is named in `_COMMANDS`; it reads its arguments, calls the
part of the package that does the work, and shows the result through `output`. Nothing is decided here. A module is
imported when its command runs, so that a quick command stays quick.
"""

from importlib import import_module

import click

from talk_assets.errors import TalkError

_COMMANDS = {
    "sync": "talk_assets.cli.sync",
    "status": "talk_assets.cli.status",
    "explain": "talk_assets.cli.explain",
    "history": "talk_assets.cli.history",
    "held": "talk_assets.cli.held",
    "conflicts": "talk_assets.cli.conflicts",
    "rewritten": "talk_assets.cli.rewritten",
    "backup": "talk_assets.cli.backup",
    "restore": "talk_assets.cli.backup",
    "link": "talk_assets.cli.acts",
    "unlink": "talk_assets.cli.acts",
    "retry": "talk_assets.cli.acts",
    "resolve": "talk_assets.cli.acts",
    "approve": "talk_assets.cli.acts",
    "undo": "talk_assets.cli.undo",
    "doc": "talk_assets.cli.doc",
    "ui": "talk_assets.cli.ui",
    "sandbox": "talk_assets.cli.sandbox",
}
"""Each module defines a click command under the command's own name. The order is that of `talk --help`."""


class _Failure(click.ClickException):
    """One line on stderr, exit status 1."""

    def show(self, file: object = None) -> None:  # noqa: ARG002 -- click's own signature
        click.echo(f"talk: {' '.join(self.message.splitlines())}", err=True)


class _Talk(click.Group):
    """Finds commands by name without importing the others, and turns every TalkError into one line."""

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
        except KeyboardInterrupt:
            click.echo("talk: stopped. What was under way is settled by the next run.", err=True)
            ctx.exit(130)


@click.group(cls=_Talk, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="talk-assets", message="%(version)s")
def talk() -> None:
    """Two-way synchronisation of business systems: every X has its Y, and they stay in step."""


def main() -> None:
    """Run `talk` with the process's arguments, and exit: 0 done, 1 it could not be, 2 wrong usage, 130 interrupted."""
    talk(prog_name="talk")
