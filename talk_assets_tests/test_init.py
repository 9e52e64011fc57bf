"""`talk init`: a data folder that works at once, beside others, and that says how to go on."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from dagster._cli.utils import TMP_DAGSTER_HOME_PREFIX

from talk_assets import cli
from talk_assets.cli.init import FILES
from talk_assets.config.configuration import FILE, TEMPORARY, Mode, find_folder, load
from talk_assets.errors import ConfigurationError
from talk_assets.model.dataflows import DATAFLOWS
from talk_assets.sandbox import process
from talk_assets.store.database import Store
from talk_assets.systems import SYSTEMS
from talk_assets_tests.readme import ROOT, free_port

TALK = [sys.executable, "-c", "from talk_assets.cli import main; main()"]
TEMPLATES = ROOT / "talk_assets" / "cli" / "templates"


def talk(*arguments: str) -> Result:
    return CliRunner().invoke(cli.talk, arguments, prog_name="talk", env={"COLUMNS": "80"})


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_is_created_in_which_every_system_is_the_sandboxs(here: Path) -> None:
    done = talk("init", "deep/down")
    assert done.exit_code == 0, done.output
    folder = here / "deep" / "down"
    assert sorted(file.name for file in folder.iterdir()) == sorted(FILES)
    config = load(folder, {})
    assert all(settings.sandbox for settings in config.systems.values())
    assert {dataflow.mode for dataflow in config.dataflows} == {Mode.WRITE}
    assert config.sandbox_port == 8765


def test_the_folder_data_is_what_is_created_and_what_is_looked_for(here: Path) -> None:
    talk("init", "--sandbox-port", "8770")
    assert find_folder({}, here) == here / "data"
    assert load(here / "data", {}).sandbox_port == 8770


def test_a_folder_with_a_talk_toml_is_the_data_folder_of_who_stands_in_it(here: Path) -> None:
    with pytest.raises(ConfigurationError, match="talk init"):
        find_folder({}, here)
    talk("init", ".")
    assert find_folder({}, here) == here


def test_dagsters_temporary_folder_is_no_data_folder(here: Path) -> None:
    assert TEMPORARY == TMP_DAGSTER_HOME_PREFIX
    folder = here / f"{TEMPORARY}abc"
    folder.mkdir()
    with pytest.raises(ConfigurationError, match="DAGSTER_HOME is not set"):
        find_folder({"DAGSTER_HOME": str(folder)}, here)


@pytest.mark.parametrize("there", FILES)
def test_what_is_there_is_never_overwritten(here: Path, there: str) -> None:
    (here / there).write_text("mine")
    done = talk("init", ".")
    assert done.exit_code == 1
    assert done.stderr == f"talk: {here}: has {there} already. Use it as it is, or choose another folder.\n"
    assert {file.name: file.read_text() for file in here.iterdir()} == {there: "mine"}


def test_a_second_time_names_all_that_is_there_and_a_file_is_no_folder(here: Path) -> None:
    talk("init", "d")
    assert "has talk.toml, dagster.yaml and workspace.yaml already" in talk("init", "d").stderr
    assert "talk.toml: is a file, and should be a folder" in talk("init", "d/talk.toml").stderr


def test_what_to_do_next_fits_80_columns_and_can_be_pasted(here: Path) -> None:
    done = talk("init", "two words")
    assert f"export DAGSTER_HOME='{here}/two words'\n" in done.stdout
    wide = [line for line in done.stdout.splitlines() if len(line) > 80 and str(here) not in line]
    assert wide == []
    for command in re.findall(r"^  talk (\w+) ", done.stdout, re.MULTILINE):
        assert talk(command, "--help").exit_code == 0


def settings() -> str:
    """The file with every setting switched on."""
    return re.sub(r"^#(?=\[|\w+ = )", "", (TEMPLATES / "talk.toml").read_text("utf-8"), flags=re.MULTILINE)


def test_every_setting_that_the_file_shows_is_right(tmp_path: Path) -> None:
    (tmp_path / "talk.toml").write_text(settings(), "utf-8")
    config = load(tmp_path, {"TALK_CUSTOMERP_TOKEN": "a-token", "TALK_WEBCRM_AUTH_CODE": "a-code"})
    assert config.systems["customerp"].base_url == "https://erp.example.com"
    assert not config.systems["customerp"].sandbox
    assert "crmoffice" not in config.systems
    assert {flow.name: flow.mode for flow in config.dataflows}["webcrm-customerp"] is Mode.WRITE
    assert {flow.name: flow.mode for flow in config.dataflows}["customerp-powerofficego"] is Mode.PLAN
    assert set(tomllib.loads(settings())) > set(tomllib.loads((TEMPLATES / "talk.toml").read_text("utf-8")))


def test_the_file_is_short_and_names_variables_that_there_are() -> None:
    text = (TEMPLATES / "talk.toml").read_text("utf-8")
    assert len(text.splitlines()) < 60
    assert max(map(len, text.splitlines())) <= 80
    known = {one.variable(credential) for one in SYSTEMS.values() for credential in one.credentials}
    named = set(re.findall(r"TALK_[A-Z_]+", text))
    assert named
    assert named <= known


@pytest.mark.parametrize(("name", "own"), [("dagster.yaml", "data/dagster.yaml"), ("workspace.yaml", "workspace.yaml")])
def test_the_repositorys_own_instance_has_the_same_files(name: str, own: str) -> None:
    """Change both: the one in `templates` is what others get."""
    assert (TEMPLATES / name).read_text("utf-8") == (ROOT / own).read_text("utf-8")


def test_commands_are_completed_as_the_help_says() -> None:
    lines = re.findall(r"^    (?:bash|zsh|fish) +(.*)$", talk("--help").stdout, re.MULTILINE)
    assert [re.findall(r"_TALK_COMPLETE=(\w+)_source talk", line) for line in lines] == [["bash"], ["zsh"], ["fish"]]
    environ = {**os.environ, "_TALK_COMPLETE": "bash_complete", "COMP_WORDS": "talk ini", "COMP_CWORD": "1"}
    done = subprocess.run(TALK, env=environ, capture_output=True, text=True, check=True)  # noqa: S603 -- our own interpreter
    assert done.stdout == "plain,init\n"


@pytest.fixture
def neighbours(here: Path) -> Iterator[tuple[Path, Path]]:
    """Two data folders with the data of different worlds, one beside the other."""
    folders = here / "first", here / "second"
    for folder in folders:
        assert talk("init", str(folder), "--sandbox-port", str(free_port())).exit_code == 0
        with (folder / FILE).open("a") as file:
            file.writelines(f'[systems.{name}]\nrate = "unlimited"\n' for name in ("webcrm", "customerp"))
            file.writelines(
                f"[dataflows.{flow.name}]\nenabled = false\n" for flow in DATAFLOWS if flow.left != "webcrm"
            )
    yield folders
    for folder in folders:
        process.down(folder / "sandbox")


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environ = {**os.environ, "DAGSTER_HOME": str(folder)}
    return subprocess.Popen(  # noqa: S603 -- our own interpreter
        [*TALK, *arguments], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def all_done(*processes: subprocess.Popen[str]) -> None:
    for one in processes:
        _, wrong = one.communicate(timeout=300)
        assert one.returncode == 0, wrong


def companies(folder: Path) -> set[str]:
    """The names that the database of a folder has."""
    with Store(folder / "talk.duckdb").transaction() as transaction:
        return set(transaction.frame("SELECT name FROM company.golden")["name"].to_list())


def test_two_folders_beside_each_other_share_nothing(neighbours: tuple[Path, Path]) -> None:
    """Both sync at once, each with the systems of its own sandbox, into its own database."""
    up = ("sandbox", "up", "--records", "6", "--no-limits")
    all_done(*(start(folder, *up, "--seed", str(seed)) for seed, folder in enumerate(neighbours)))
    all_done(*(start(folder, "sync", "--dataflow", "webcrm-customerp") for folder in neighbours))
    first, second = map(companies, neighbours)
    assert first - second
    assert second - first
    process.down(neighbours[0] / "sandbox")
    assert process.running(neighbours[1] / "sandbox") is not None
    for folder in neighbours:
        assert {"talk.duckdb", "sandbox", "history"} <= {file.name for file in folder.iterdir()}
