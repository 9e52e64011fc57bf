"""How `talk` ends, what it prints, and that it stays quick."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from talk_assets import cli
from talk_assets.cli.output import show_json, show_table
from talk_assets.errors import ConfigurationError


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.talk, arguments, prog_name="talk")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An instance of its own, in which the process stands."""
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Make `talk sandbox` a command that raises."""

    @click.command()
    def sandbox() -> None:
        raise error

    monkeypatch.setattr("talk_assets.cli.sandbox.sandbox", sandbox)


def test_a_known_error_is_one_line_on_stderr_and_exit_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, ConfigurationError("data/talk.toml: systems: is 3,\nand should be a section."))
    result = run("sandbox")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == "talk: data/talk.toml: systems: is 3, and should be a section.\n"


def test_an_error_nobody_expected_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, ZeroDivisionError("surprise"))
    assert isinstance(run("sandbox").exception, ZeroDivisionError)


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.ENOTDIR])
def test_a_folder_that_cannot_be_written_is_one_line(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    failing(monkeypatch, OSError(number, os.strerror(number), "data/sandbox"))
    result = run("sandbox")
    assert result.exit_code == 1
    assert result.stderr == (
        f"talk: data/sandbox: cannot be written ({os.strerror(number)}). Make the folder writable, or free some space,"
        " and run again.\n"
    )


def test_any_other_error_of_the_system_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, OSError(errno.ESPIPE, "Illegal seek"))
    assert isinstance(run("sandbox").exception, OSError)


@pytest.mark.parametrize("arguments", [("sync", "--plan"), ("sandbox", "up"), ("ui", "--port", "8821")])
def test_a_sandbox_that_cannot_be_put_into_the_data_folder_is_one_line(
    folder: Path, arguments: tuple[str, ...]
) -> None:
    (folder / "sandbox").write_text("no folder")
    result = run(*arguments)
    assert result.exit_code == 1
    line = result.stderr.splitlines()[-1]
    assert line.startswith(f"talk: {folder / 'sandbox'}: cannot be written (File exists).")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("arguments", [("undo", "0c739502"), ("restore", "backup"), ("sync",)])
def test_a_lock_that_cannot_be_taken_is_one_line(
    folder: Path, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "sync.lock").mkdir()
    monkeypatch.setattr("talk_assets.cli.sync.start_if_needed", lambda _: None)
    result = run(*arguments)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"talk: {folder}")


@pytest.mark.parametrize("encoding", ["latin-1", "iso8859-15"])
def test_what_a_terminal_cannot_show_ends_no_command(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    @click.command()
    def sandbox() -> None:
        click.echo("Ås → Łódź")
        click.echo("→ Łódź", err=True)
        show_json({"city": "Łódź →"})

    monkeypatch.setattr("talk_assets.cli.sandbox.sandbox", sandbox)
    result = CliRunner(charset=encoding).invoke(cli.talk, ["sandbox"], prog_name="talk")
    assert result.exception is None
    text, *document = result.stdout_bytes.decode(encoding).splitlines()
    assert text == "Ås -> ?ód?"
    assert result.stderr_bytes.decode(encoding).startswith("-> ?")
    assert json.loads("".join(document)) == {"city": "Łódź →"}


def test_ctrl_c_is_one_line_and_exit_status_130(monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, KeyboardInterrupt())
    result = run("sandbox")
    assert result.exit_code == 130
    assert result.stderr.startswith("talk: stopped")
    assert len(result.stderr.splitlines()) == 1


def test_wrong_usage_is_exit_status_2_and_says_what_is_right() -> None:
    result = run("sandbocks")
    assert result.exit_code == 2
    assert "sandbocks" in result.stderr


def test_every_command_is_there_under_its_name_and_says_what_it_does() -> None:
    group = click.Context(cli.talk)
    for name in cli.talk.list_commands(group):
        command = cli.talk.get_command(group, name)
        assert command is not None
        assert command.name == name
        assert command.help


def leaves(command: click.Command) -> list[click.Command]:
    if not isinstance(command, click.Group):
        return [command]
    context = click.Context(command)
    found = (command.get_command(context, name) for name in command.list_commands(context))
    return [leaf for one in found if one is not None for leaf in leaves(one)]


def test_every_command_speaks_json() -> None:
    for command in leaves(cli.talk):
        options = [option for parameter in command.params for option in parameter.opts]
        assert "--json" in options, f"{command.name} has {options}"


def test_help_needs_no_data_folder_and_imports_nothing_heavy() -> None:
    program = (
        "import sys; from talk_assets.cli import talk; talk(['--version'], standalone_mode=False);"
        "print(*sorted({'dagster', 'polars', 'duckdb', 'httpx', 'rich'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 -- our own interpreter
    assert done.stdout.splitlines()[1:] == [""]


def test_a_broken_talk_toml_is_one_line_naming_the_line(folder: Path) -> None:
    (folder / "talk.toml").write_text("[sandbox\nport = 1", "utf-8")
    result = run("status")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"talk: {folder / 'talk.toml'}: is not TOML")
    assert "line 1" in result.stderr


def test_outside_a_data_folder_talk_says_where_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("sandbox", "down")
    assert result.exit_code == 1
    assert "DAGSTER_HOME" in result.stderr


def test_a_table_that_fits_is_plain_and_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("pair", "linked"), [("persons", 7), ("companies", 12), ("none", 1)], title="Pairs")
    assert capsys.readouterr().out.splitlines() == [
        "Pairs",
        "pair       linked",
        "persons         7",
        "companies      12",
        "none            1",
    ]


def test_a_table_that_is_too_wide_is_a_block_per_row_in_which_nothing_is_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    record = "customerp/contact/01937a5d-fc00-7000-8000-010000000000"
    show_table(("left", "right", "linked"), [(record, record, 7), ("a/b/1", "c/d/2", 1)])
    assert capsys.readouterr().out.splitlines() == [
        f"left {record}",
        f"  right {record}  linked 7",
        "left a/b/1  right c/d/2  linked 1",
    ]


def test_a_table_without_rows_still_shows_its_headings(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("pair", "linked"), [])
    assert capsys.readouterr().out == "pair  linked\n"


def test_markup_in_data_is_shown_as_it_is_in_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    show_table(("name", "n"), [("[red]Ås & Sønn[/red]", None)], title="Companies")
    shown = capsys.readouterr().out
    assert "[red]Ås & Sønn[/red]" in shown
    assert "None" not in shown


def test_json_keeps_letters_and_writes_paths_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"name": "Ås", "at": Path("a") / "b"})
    printed = capsys.readouterr().out
    assert "Ås" in printed
    assert json.loads(printed) == {"name": "Ås", "at": "a/b"}
