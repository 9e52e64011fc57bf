"""The settings with which other servers stand in for Customerp hold what talk.toml knows, whether those run or not."""

import shutil
from pathlib import Path

import pytest

from talk_assets.config import configuration

FOLDER = Path(__file__).parent / "thirdparty"


@pytest.mark.parametrize("name", sorted(file.parent.name for file in FOLDER.glob("*/talk.toml")))
def test_talk_toml_knows_every_key(name: str, tmp_path: Path) -> None:
    shutil.copy(FOLDER / name / "talk.toml", tmp_path)
    assert "customerp" in configuration.load(tmp_path, {}).systems
