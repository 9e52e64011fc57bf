"""Commands that match nothing import nothing of what evidence is weighed with."""

import subprocess
import sys
from pathlib import Path

from talk_assets_tests import data_folder

COMMANDS = ("status", "held", "review", "conflicts", "rewritten", "totals", "config show")
HEAVY = ("splink", "sqlglot", "talk_assets.sync.link.evidence.weighing")

CODE = """
import sys
from click.testing import CliRunner
from talk_assets import cli
commands, heavy = (one.split(",") for one in sys.argv[1:])
for command in commands:
    result = CliRunner().invoke(cli.talk, command.split(), prog_name="talk")
    assert result.exit_code == 0, result.output
    print(*(f"{command}: {name}" for name in heavy if name in sys.modules))
"""


def test_what_does_not_match_imports_nothing_that_weighs(tmp_path: Path) -> None:
    data_folder.fill(tmp_path)
    done = subprocess.run(  # noqa: S603 -- our own code
        [sys.executable, "-c", CODE, ",".join(COMMANDS), ",".join(HEAVY)],
        env={"DAGSTER_HOME": str(tmp_path), "PATH": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
