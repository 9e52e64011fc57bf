"""The wheel has everything that the package needs and nothing else, and works where the repository is not.

`make package` goes further: with dependencies from the package index, a sync, and the Dagster UI.
"""

import sysconfig
import tomllib
from email.message import Message
from email.parser import Parser
from importlib.metadata import version
from pathlib import Path
from zipfile import ZipFile

import pytest

from talk_assets.cli.init import FILES
from talk_assets_tests.package import EVERY_MODULE, EXAMPLE, PIP, Outside, build, run
from talk_assets_tests.readme import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
OFFLINE = ("--no-build-isolation", "--no-index")

pytestmark = pytest.mark.skipif(
    int(version("setuptools").partition(".")[0]) < 77,
    reason="setuptools 77 builds the wheel; `make test` installs it",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("package"), *OFFLINE)


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with ZipFile(wheel) as files:
        (name,) = (name for name in files.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(files.read(name).decode())


@pytest.fixture
def outside(wheel: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Outside:
    """The wheel by itself in an environment that finds its dependencies where those of the tests are.

    The environment is not in the folder of the test: the sandbox's code has credentials in it, which are no leak.
    """
    empty = tmp_path_factory.mktemp("empty")
    run(*PIP[:1], "-m", "venv", "--without-pip", empty)
    found = Outside(empty / "bin", tmp_path)
    run(*PIP, "--python", found.bin / "python", "install", "--no-deps", "--no-index", wheel)
    site = found.run("python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    (Path(site) / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return found


def test_the_wheel_has_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as files:
        inside = {name for name in files.namelist() if ".dist-info/" not in name}
    there = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "talk_assets").rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    }
    assert inside == there
    assert {f"talk_assets/cli/templates/{name}" for name in FILES} | {"talk_assets/py.typed"} <= inside


def test_the_metadata_say_who_under_which_licence_and_for_what(metadata: Message, wheel: Path) -> None:
    assert (metadata["Name"], metadata["Version"]) == ("talk-assets", PROJECT["version"])
    assert (metadata["License-Expression"], metadata.get_all("License-File")) == ("Apache-2.0", ["LICENSE"])
    assert metadata["Author"] == "The Talk Assets developers"
    assert metadata["Keywords"]
    assert metadata.get_all("Project-URL") is None
    with ZipFile(wheel) as files:
        (name,) = (name for name in files.namelist() if name.endswith("/licenses/LICENSE"))
        assert files.read(name).decode() == (ROOT / "LICENSE").read_text("utf-8")


def test_pytest_and_hypothesis_come_with_the_extra_testing_and_never_by_themselves(metadata: Message) -> None:
    needed = metadata.get_all("Requires-Dist") or []
    for package in ("pytest", "hypothesis"):
        (requirement,) = (one for one in needed if one.startswith((f"{package}<", f"{package}>")))
        assert requirement.endswith('extra == "testing"')


def test_the_version_is_said_in_one_place() -> None:
    modules = [*(ROOT / "talk_assets").rglob("*.py"), ROOT / "Makefile"]
    assert [file for file in modules if PROJECT["version"] in file.read_text("utf-8")] == []


def test_the_installed_package_makes_a_data_folder_and_runs_on_it(outside: Outside) -> None:
    assert outside.run("talk", "--version") == f"{PROJECT['version']}\n"
    assert str(outside.bin.parent) in outside.run("python", "-c", EVERY_MODULE)
    assert "talk sync" in outside.run("talk", "init", "d")
    home = outside.folder / "d"
    assert sorted(file.name for file in home.iterdir()) == sorted(FILES)
    assert "customerp/contact" in outside.run("talk", "status", DAGSTER_HOME=str(home))


def test_installing_the_example_is_all_that_it_takes_to_have_its_system(
    outside: Outside, tmp_path_factory: pytest.TempPathFactory
) -> None:
    example = build(EXAMPLE, tmp_path_factory.mktemp("example"), *OFFLINE)
    run(*PIP, "--python", outside.bin / "python", "install", "--no-deps", "--no-index", example)
    outside.run("talk", "init")
    assert "helpdesk/users" in outside.run("talk", "status")
