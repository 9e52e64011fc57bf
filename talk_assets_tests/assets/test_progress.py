"""How far long work is: what the hub tells, and the lines that become of it."""

from pathlib import Path

import pytest

from talk_assets.graph.run_progress import EVERY, Teller, duration, line, listening
from talk_assets.sync.progress import Doing, Progress
from talk_assets_tests.office import open_office


def test_the_hub_tells_of_what_it_reads_and_writes_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office = open_office(tmp_path, monkeypatch)
    for n in range(3):
        office.create("crm/companies", name=f"Company {n}")
    told: list[Progress] = []
    office.hub.tell = told.append
    office.sync()
    of_reads = [one for one in told if (one.key, one.doing) == ("crm/companies", Doing.READ)]
    assert (of_reads[-1].done, of_reads[-1].total) == (3, 3)
    of_writes = [(one.done, one.total) for one in told if (one.key, one.doing) == ("erp/customers", Doing.WRITTEN)]
    assert of_writes == [(1, 3), (2, 3), (3, 3)]


def test_the_log_has_a_line_now_and_then_and_the_listener_every_word() -> None:
    said: list[str] = []
    heard: list[Progress] = []
    now = 0.0
    teller = Teller(said.append, lambda: now)
    with listening(heard.append):
        for second in range(1, 13):
            now = float(second)
            teller(Progress("webcrm/persons", Doing.READ, 100 * second, 2000, 0.0))
    teller(Progress("webcrm/persons", Doing.READ, 2000, 2000, 0.0))
    assert len(heard) == 12
    assert len(said) == 12 // EVERY
    assert said[0] == "webcrm/persons: 500 of 2000 records read, 100 per second, about 15 s left"


def test_a_line_says_what_is_known() -> None:
    at = Progress("webcrm/persons", Doing.WRITTEN, 300, None, 61.4)
    said = "webcrm/persons: 300 records written, 3 per second, 61 seconds waited for the rate limit"
    assert line(at, 100.0) == said
    assert [duration(seconds) for seconds in (4.4, 90.0, 7500.0)] == ["4 s", "2 min", "2 h 5 min"]
