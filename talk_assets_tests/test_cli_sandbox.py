"""`talk sandbox up`, `curl` and `down`, on a real sandbox process."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from talk_assets.sandbox import process
from talk_assets.sandbox.registry import SYSTEMS

TALK = [sys.executable, "-c", "from talk_assets.cli import main; main()"]


def run(*arguments: str) -> str:
    """Return what `talk` prints, from a process of its own: the sandbox must outlive it."""
    return subprocess.run([*TALK, *arguments], capture_output=True, text=True, check=True).stdout  # noqa: S603 -- our own interpreter


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def folder(tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An instance of its own, in which the process stands; its sandbox is stopped afterwards."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "talk.toml").write_text(f"[sandbox]\nport = {port}\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    yield data
    process.down(data / "sandbox")


def test_up_shows_addresses_that_answer_and_curl_a_line_per_system(folder: Path, port: int) -> None:
    refused = subprocess.run([*TALK, "sandbox", "curl"], capture_output=True, text=True, check=False)  # noqa: S603 -- our own interpreter
    assert (refused.returncode, refused.stderr) == (1, "talk: the sandbox is not running. Start it: talk sandbox up\n")
    printed = run("sandbox", "up", "--records", "20")
    for system in ("webcrm", "customerp"):
        assert f"http://127.0.0.1:{port}/{system}" in printed
        assert httpx.get(f"http://127.0.0.1:{port}/{system}/_sandbox/requests").status_code == 200
    assert "curl -" not in printed
    assert "talk sandbox curl" in printed
    shown = run("sandbox", "curl")
    assert [line for line in shown.splitlines() if line.startswith("# ")] == [f"# {name}" for name in SYSTEMS]
    assert shown.count(f"http://127.0.0.1:{port}/") >= len(SYSTEMS)
    assert list(json.loads(run("sandbox", "curl", "webcrm", "--json"))["curl"]) == ["webcrm"]


def test_up_again_is_the_same_sandbox_and_down_stops_it(folder: Path, port: int) -> None:
    first = json.loads(run("sandbox", "up", "--records", "20", "--json"))
    again = json.loads(run("sandbox", "up", "--json"))
    assert first == again
    assert first["base_urls"]["webcrm"] == f"http://127.0.0.1:{port}/webcrm"
    assert set(first["curl"]) == set(first["base_urls"])
    (folder / "talk.toml").write_text("[sandbox]\nport = of call\n", "utf-8")  # a mistake must not keep it running
    assert list(json.loads(run("sandbox", "curl", "webcrm", "--json"))["curl"]) == ["webcrm"]
    assert json.loads(run("sandbox", "down", "--json")) == {"stopped": first["pid"]}
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/webcrm/_sandbox/requests")


def test_down_without_a_sandbox_says_so_and_is_no_error(folder: Path) -> None:
    assert run("sandbox", "down") == "The sandbox was not running.\n"
