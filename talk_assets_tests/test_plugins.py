"""Installed packages add systems, their pairs and their sandbox by entry points; what is wrong with one is one line."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from talk_assets.config.configuration import load
from talk_assets.errors import ConfigurationError
from talk_assets.model.dataflows import Dataflow, Pair
from talk_assets.plugins import Plugins
from talk_assets.systems import SYSTEMS, all_dataflows
from talk_assets.systems.customerp import CUSTOMERP
from talk_assets.systems.webcrm import WEBCRM
from talk_assets_tests.readme import ROOT

GROUP = "talk_assets.systems"
EXAMPLE = ROOT / "examples" / "helpdesk"
TALK = [sys.executable, "-c", "from talk_assets.cli import main; main()"]

Install = Callable[..., None]


def write_distribution(folder: Path, name: str, points: str) -> None:
    """What pip leaves of an installed package, as far as entry points are concerned."""
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(points)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install packages with one entry point each, as `install("talk-a", "name = module:object")`."""
    monkeypatch.syspath_prepend(tmp_path)

    def installed(package: str, point: str, group: str = GROUP) -> None:
        write_distribution(tmp_path, package, f"[{group}]\n{point}\n")

    return installed


def mistake() -> str:
    """What is said about the packages that are installed now."""
    plugins = Plugins(GROUP, type(WEBCRM), {"webcrm": WEBCRM}, SYSTEMS._wrong)  # type: ignore[attr-defined]
    with pytest.raises(ConfigurationError) as first:
        list(plugins)
    with pytest.raises(ConfigurationError) as again:
        plugins.get("webcrm")
    assert str(first.value) == str(again.value)
    return str(first.value)


def test_what_ships_comes_first_and_then_what_is_installed_by_name(install: Install) -> None:
    install("talk-b", "two = json:dumps", "talk_assets.tests")
    install("talk-a", "three = json:loads", "talk_assets.tests")
    plugins = Plugins("talk_assets.tests", type(json.dumps), {"one": json.dump})
    assert dict(plugins) == {"one": json.dump, "three": json.loads, "two": json.dumps}


def test_nothing_is_loaded_before_somebody_asks(install: Install) -> None:
    install("talk-a", "helpdesk = no_such_module:SYSTEM")
    Plugins(GROUP, object, {})


def test_a_package_that_does_not_load_is_named_with_the_reason(install: Install) -> None:
    install("talk-a", "helpdesk = no_such_module:SYSTEM")
    assert mistake() == (
        'the package talk-a: its entry point "helpdesk" in talk_assets.systems cannot be loaded (ModuleNotFoundError:'
        " No module named 'no_such_module'). Correct the package, or uninstall it."
    )


def test_a_name_that_ships_is_taken(install: Install) -> None:
    install("talk-a", "webcrm = talk_assets.systems.webcrm:WEBCRM")
    assert mistake() == (
        'the package talk-a: its entry point "webcrm" in talk_assets.systems has a name that ships with talk-assets.'
        " Rename it, or uninstall it."
    )


def test_two_packages_cannot_add_the_same_name(install: Install) -> None:
    install("talk-b", "helpdesk = json:dumps")
    install("talk-a", "helpdesk = json:dumps")
    assert mistake() == (
        'the packages talk-a and talk-b: both have an entry point "helpdesk" in talk_assets.systems. Uninstall one of'
        " them."
    )


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        ("helpdesk = json:dumps", "is of type function, and should be a Registered. Correct"),
        ("erp = talk_assets.systems.customerp:CUSTOMERP", 'is the system "customerp", and should have its name.'),
        ("Erp2 = talk_assets_tests.test_plugins:CAPITAL", "lower-case letters, digits and underscores only."),
        ("person = talk_assets_tests.test_plugins:PERSON", "should have another name: company, main, order"),
    ],
)
def test_what_an_entry_point_names_is_a_system_of_that_name(install: Install, point: str, reason: str) -> None:
    install("talk-a", point)
    assert reason in mistake()


CAPITAL, PERSON = replace(CUSTOMERP, name="Erp2"), replace(CUSTOMERP, name="person")


@pytest.mark.parametrize(
    ("dataflow", "reason"),
    [
        (Dataflow("webcrm", "customerp", ()), "extra: brings the dataflow webcrm-customerp, which exists already."),
        (Dataflow("extra", "nowhere", ()), "extra: its dataflow extra-nowhere names nowhere, and there are webcrm,"),
        (Dataflow("extra", "webcrm", (Pair("extra/a", "other/b"),)), "extra-webcrm names other, and there are"),
    ],
)
def test_a_dataflow_that_a_system_brings_is_new_and_between_systems_there_are(
    monkeypatch: pytest.MonkeyPatch, dataflow: Dataflow, reason: str
) -> None:
    monkeypatch.setitem(SYSTEMS, "extra", replace(CUSTOMERP, name="extra", dataflows=(dataflow,)))
    with pytest.raises(ConfigurationError, match="extra") as caught:
        all_dataflows()
    assert reason in str(caught.value)


def test_what_a_system_brings_is_configured_as_what_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Dataflow("extra", "webcrm", (Pair("extra/contact", "webcrm/persons"),))
    monkeypatch.setitem(SYSTEMS, "extra", replace(CUSTOMERP, name="extra", dataflows=(mine,)))
    (tmp_path / "talk.toml").write_text('[systems.extra]\nbase_url = "https://a.example"\n[dataflows.extra-webcrm]\n')
    config = load(tmp_path, {"TALK_EXTRA_TOKEN": "a-token"})
    assert (config.systems["extra"].base_url, config.systems["extra"].sandbox) == ("https://a.example", False)
    assert [str(flow.mode) for flow in config.dataflows if flow.dataflow is mine] == ["plan"]


def talk(folder: Path, site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command where the packages in `site` are installed."""
    path = os.pathsep.join(map(str, (site, EXAMPLE, ROOT)))
    environ = {**os.environ, "DAGSTER_HOME": str(folder), "PYTHONPATH": path}
    return subprocess.run([*TALK, *arguments], env=environ, capture_output=True, text=True, check=False)  # noqa: S603 -- our own interpreter


def test_a_command_knows_the_system_of_the_example_and_its_pairs(tmp_path: Path) -> None:
    """With the entry points that its pyproject.toml declares."""
    declared = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    points = "\n".join(
        f"[{group}]\n" + "\n".join(f"{name} = {what}" for name, what in some.items())
        for group, some in declared.items()
    )
    site, folder = tmp_path / "site", tmp_path / "data"
    folder.mkdir()
    write_distribution(site, "talk-helpdesk", points)
    pairs = json.loads(talk(folder, site, "status", "--json").stdout)
    assert '"helpdesk/users"' in json.dumps(pairs)
    shown = "from talk_assets.sandbox.registry import SYSTEMS; print(*SYSTEMS)"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (site, EXAMPLE, ROOT)))}
    done = subprocess.run([sys.executable, "-c", shown], env=environ, capture_output=True, text=True, check=True)  # noqa: S603 -- our own interpreter
    assert done.stdout.split()[-1] == "helpdesk"


def test_a_command_says_in_one_line_which_package_is_broken_and_help_works_all_the_same(tmp_path: Path) -> None:
    site, folder = tmp_path / "site", tmp_path / "data"
    folder.mkdir()
    write_distribution(site, "talk-a", f"[{GROUP}]\nhelpdesk = no_such_module:SYSTEM\n")
    done = talk(folder, site, "status")
    assert done.returncode == 1
    assert done.stderr.startswith("talk: the package talk-a: ")
    assert len(done.stderr.splitlines()) == 1
    assert talk(folder, site, "--help").returncode == 0
