"""The sandbox in the background: started once, found again, its answered writes there after any end."""

import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from talk_assets.errors import ConfigurationError
from talk_assets.sandbox import process
from talk_assets_tests.sandbox import clients


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "sandbox"
    process.down(tmp_path / "sandbox")


def start(folder: Path, port: int, records: int | None = 8, seed: int | None = None) -> process.Running:
    return process.up(folder, records=records, seed=seed, limits=False, port=port)


def create(running: process.Running, name: str) -> httpx.Response:
    with httpx.Client(
        base_url=f"{running.base_urls['customerp']}/v1", headers={"Authorization": "Bearer sandbox-customerp"}
    ) as client:
        return clients.create(client, "contacts", last_name=name)


def test_it_starts_is_found_and_stops(folder: Path, port: int) -> None:
    assert process.running(folder) is None
    started = start(folder, port)
    assert process.running(folder) == started
    assert started.base_urls["webcrm"] == f"http://127.0.0.1:{port}/webcrm"
    assert len(started.records("webcrm", "Persons")) == 10
    assert start(folder, port, records=None) == started
    process.down(folder)
    assert process.running(folder) is None
    process.down(folder)
    with pytest.raises(httpx.ConnectError):
        httpx.get(started.base_urls["webcrm"])


def test_answered_writes_are_there_after_a_kill_and_numbers_go_on(folder: Path, port: int) -> None:
    running = start(folder, port)
    made = [create(running, name).json()["id"] for name in "abc"]
    before = running.records("customerp", "contacts")
    os.kill(running.pid, signal.SIGKILL)
    while process.running(folder):
        time.sleep(0.01)
    again = start(folder, port)
    assert again.pid != running.pid
    assert again.records("customerp", "contacts") == before
    assert set(made) <= {record["id"] for record in before}
    assert create(again, "d").json()["change_seq"] == 1 + max(record["change_seq"] for record in before)


def test_other_data_than_the_folder_holds_are_refused_with_what_to_do(folder: Path, port: int) -> None:
    start(folder, port, records=8, seed=3)
    with pytest.raises(ConfigurationError, match="records 8, not 9"):
        start(folder, port, records=9)
    process.down(folder)
    with pytest.raises(ConfigurationError, match=r"seed 3, not 4; remove .*sandbox"):
        start(folder, port, seed=4)


def test_a_port_that_is_taken_is_one_clear_line(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"port {taken} on 127.0.0.1 is taken") as found:
            start(folder, taken)
        assert "\n" not in str(found.value)


def digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def test_every_curl_line_works_as_it_stands_on_a_record_that_another_system_has(folder: Path, port: int) -> None:
    running = start(folder, port)
    lines = running.curl_lines()
    assert digits(running.records("poweroffice_peer", "customer", limit=2)[1]["vatNumber"]) in {
        digits(supplier["vatNumber"]) for supplier in running.records("poweroffice", "supplier")
    }
    assert "/Customer/2" in lines["poweroffice_peer"]
    for system, line in lines.items():
        assert shlex.split(line)
        done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=True)  # noqa: S603 -- what we show people
        assert b"+47" in done.stdout, (system, done)
    assert running.records("webcrm", "Persons", limit=1)[0]["PersonMobilePhone"] == "+47 900 12 345"
    assert running.records("customerp", "contacts", limit=1)[0]["mobile"] == "+4790054321"
