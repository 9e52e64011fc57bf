"""What is wrong ends in one line that says what to do, whatever it is.

`talk` runs as a process of its own where more than its own words could tell; that takes seconds, so elsewhere it runs
in this one.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from talk_assets_tests.canaries import Canaries
from talk_assets_tests.whole.instance import Instance, opened

WRONG = "wrong-code-never-to-be-seen"
HOLD = """
import duckdb, sys
held = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    """One person in Webcrm, another in Customerp, nothing synced."""
    with opened(tmp_path) as found:
        yield found


def test_a_wrong_token_names_the_variable_and_appears_nowhere(instance: Instance, nothing_leaks: Canaries) -> None:
    nothing_leaks.add("the wrong token", WRONG)
    instance.configure()
    before = instance.everything()
    line = instance.process("sync", TALK_WEBCRM_AUTH_CODE=WRONG).failure
    assert "TALK_WEBCRM_AUTH_CODE" in line
    assert instance.everything() == before
    assert WRONG not in line


@pytest.mark.parametrize("system", ["webcrm", pytest.param("customerp", marks=pytest.mark.thorough)])
def test_a_wrong_base_url_names_the_address_and_where_to_correct_it(instance: Instance, system: str) -> None:
    instance.configure(**{system: f"{instance.urls[system]}/v9"})
    before = instance.everything()
    line = instance.talk("sync").failure
    assert f"{system}: " in line
    assert f"{instance.urls[system]}/v9" in line
    assert "base_url" in line
    assert instance.everything() == before


def test_a_host_that_cannot_be_reached_names_the_address(instance: Instance) -> None:
    instance.configure(customerp="http://127.0.0.1:1/erp")
    before = instance.everything()
    line = instance.talk("sync").failure
    assert "customerp: " in line
    assert "http://127.0.0.1:1/erp" in line
    assert instance.everything() == before


def test_a_page_for_people_in_place_of_the_api_is_told_as_such(instance: Instance) -> None:
    instance.configure()
    instance.sandbox.fault("customerp", html_rate=1.0)
    before = instance.everything()
    line = instance.talk("sync").failure
    assert "customerp: " in line
    assert "JSON" in line
    assert "base_url" in line
    assert instance.everything() == before


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("[systems.webcrm\n", "line 1"),
        ('[systems.webcrm]\nbase_ulr = "http://127.0.0.1:1"\n', "base_url"),
        ('[systems.webcrm]\nrate = "many"\n', "250/min"),
        ('[dataflows.webcrm-customerp]\nmode = "wriet"\n', "write"),
    ],
)
def test_a_broken_talk_toml_names_the_file_the_place_and_what_would_be_right(
    instance: Instance, text: str, right: str
) -> None:
    (instance.folder / "talk.toml").write_text(text, "utf-8")
    line = instance.talk("sync").failure
    assert str(instance.folder / "talk.toml") in line
    assert right in line


@pytest.mark.parametrize("command", ["sync", "status"])
def test_a_database_that_another_process_holds_names_the_process(instance: Instance, command: str) -> None:
    instance.configure("patience = 1")
    database = instance.folder / "talk.duckdb"
    with subprocess.Popen(  # noqa: S603 -- our own interpreter
        [sys.executable, "-c", HOLD, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        before = instance.everything()
        line = instance.talk(command).failure
        holder.communicate()
    assert str(database) in line
    assert f"process {holder.pid}" in line
    assert instance.everything() == before
