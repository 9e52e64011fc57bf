"""Whoever is to be told learns of each failure once, in words, and the address that it goes to is told to nobody."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from talk_assets.config.automation import ALERT_URL
from talk_assets.config.configuration import load
from talk_assets.errors import CredentialsError
from talk_assets_tests.automation.office import PERSONS, Automatic, automatic
from talk_assets_tests.canaries import Canaries

SECRET = "T0K3N-never-to-be-seen"


@dataclass
class Chat:
    """A chat system's webhook: what was posted, and how it answers."""

    url: str = ""
    posted: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200


@contextmanager
def chatting() -> Iterator[Chat]:
    """Serve a webhook with a secret in its address."""
    chat = Chat()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == f"/hooks/{SECRET}":
                chat.posted.append(json.loads(body))
            self.send_response(chat.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        chat.url = f"http://127.0.0.1:{server.server_port}/hooks/{SECRET}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield chat
        server.shutdown()
        thread.join()


@pytest.fixture
def chat(nothing_leaks: Canaries) -> Iterator[Chat]:
    """A webhook whose address must appear nowhere."""
    nothing_leaks.add("the webhook's address", SECRET)
    with chatting() as found:
        yield found


@pytest.fixture
def office(tmp_path: Path, chat: Chat) -> Iterator[Automatic]:
    with automatic(tmp_path, PERSONS, {ALERT_URL: chat.url}) as found:
        found.tick("alert")
        yield found


def test_a_system_that_was_left_out_is_told_once_until_it_is_back(office: Automatic, chat: Chat) -> None:
    office.down("customerp")
    for _ in range(2):
        assert office.run().success, "Dagster does not mind"
        office.tick("alert")
    [told] = chat.posted
    assert list(told) == ["text"]
    assert told["text"].startswith("Talk Assets: Customerp could not be synchronised: customerp: http://127.0.0.1:")
    assert "where JSON would be right; check base_url" in told["text"]
    assert "nothing is lost" in told["text"]
    assert " UTC." in told["text"]
    office.up("customerp")
    office.run()
    office.tick("alert")
    assert len(chat.posted) == 1
    office.down("customerp")
    office.run()
    office.tick("alert")
    assert len(chat.posted) == 2


def test_a_run_that_failed_is_told_once_with_the_innermost_reason(
    office: Automatic, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        message = "something nobody thought of"
        raise RuntimeError(message)

    with monkeypatch.context() as patched:
        patched.setattr("talk_assets.sync.hub.Hub.reconcile", broken)
        for _ in range(2):
            with pytest.raises(RuntimeError):
                office.run()
            office.tick("alert")
    [told] = chat.posted
    assert "a run of sync failed: RuntimeError: something nobody thought of." in told["text"]
    assert "See run " in told["text"]
    office.tick("alert")
    assert len(chat.posted) == 1


def test_a_system_that_does_not_answer_its_sensor_is_told_once(office: Automatic, chat: Chat) -> None:
    office.run()
    office.down("webcrm")
    for _ in range(4):
        office.skipped("webcrm")
        office.let_pass("webcrm")
    [told] = chat.posted
    assert "Webcrm could not be synchronised" in told["text"]


def test_a_failure_to_post_is_one_line_and_is_tried_again_with_the_next_failure(
    office: Automatic, chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    chat.status = 410
    office.down("customerp")
    office.run()
    caplog.clear()
    office.tick("alert")
    [line] = [record.getMessage() for record in caplog.records if record.name.startswith("talk_assets")]
    assert line == f"An alert could not be posted (410). Check {ALERT_URL}, and that the webhook is there."
    assert SECRET not in caplog.text
    chat.status = 200
    office.run()
    office.tick("alert")
    assert len(chat.posted) == 2


def test_without_an_address_nothing_is_told_and_a_bad_one_is_not_repeated(tmp_path: Path) -> None:
    with automatic(tmp_path) as office:
        assert office.tick("alert").skip_message == f"{ALERT_URL} is not set in the environment."
    with pytest.raises(CredentialsError) as caught:
        load(tmp_path, {ALERT_URL: f"chat.example.com/{SECRET}"})
    assert ALERT_URL in str(caught.value)
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(load(tmp_path, {ALERT_URL: f"https://chat.example.com/{SECRET}"}))
