"""What Dagster needs in a data folder, made once: to prepare its databases takes half a second, a copy hardly any."""

import os
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from dagster import DagsterInstance

SHIPPED = Path(__file__).parents[1] / "data" / "dagster.yaml"
"""The Dagster instance of a clone, which is that of `talk init` as well."""

_made = TemporaryDirectory()


@cache
def _prepared() -> Path:
    folder = Path(_made.name)
    shutil.copy(SHIPPED, folder)
    with mock.patch.dict(os.environ, {"DAGSTER_HOME": str(folder)}), DagsterInstance.from_config(str(folder)):
        return folder


def fill(folder: Path) -> None:
    """Put into a folder what a first run would find there, had a command run in it before."""
    shutil.copytree(_prepared(), folder, dirs_exist_ok=True)
