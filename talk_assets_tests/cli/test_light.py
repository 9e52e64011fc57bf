"""Commands that match nothing import nothing of what evidence is weighed with."""

import subprocess
import sys
from pathlib import Path

import pytest

from talk_assets_tests import data_folder

HEAVY = ("splink", "sqlglot")

CODE = """
import sys
from click.testing import CliRunner
from talk_assets import cli
result = CliRunner().invoke(cli.talk, sys.argv[1:], prog_name="talk")
assert result.exit_code == 0, result.output
print(*(name for name in ("splink", "sqlglot") if name in sys.modules))
"""


@pytest.mark.parametrize("command", ["status", "held", "review", "conflicts", "rewritten", "totals", "config show"])
def test_what_does_not_match_imports_neither_splink_nor_sqlglot(tmp_path: Path, command: str) -> None:
    data_folder.fill(tmp_path)
    arguments = command.split()
    done = subprocess.run(  # noqa: S603 -- our own code
        [sys.executable, "-c", CODE, *arguments], env={"DAGSTER_HOME": str(tmp_path), "PATH": ""}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
