"""A clock that jumps, ours or the systems': no edit is lost, nothing goes round in circles, nothing breaks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import httpx
import pytest

from talk_assets.model.dataflows import Pair
from talk_assets.sandbox.serving import serving
from talk_assets.store.database import Store
from talk_assets.sync.read.backwards import BELIEVED, OLDER
from talk_assets_tests.whole.firm import Firm, Synced, only

DAY = 86_400.0
JUMPS = [DAY, pytest.param(-7 * DAY, marks=pytest.mark.thorough)]
MAIL = "anna.berg@fjord.example"


@dataclass
class Clocks(Firm):
    """`ours` is how far our clock is ahead of what it should show; the systems' may be set as well.

    `jump`: by how much ours is set, in the middle of the next sync.
    """

    ours: float = 0.0
    theirs: float = 0.0
    jump: float = 0.0
    looks: int = 0

    def passed(self) -> float:
        return self.sandbox.clock.now() - self.theirs

    def wall(self) -> float:
        if self.jump:
            self.looks += 1
            if self.looks > 2:
                self.ours, self.jump, self.looks = self.ours + self.jump, 0.0, 0
        return self.passed() + self.ours

    def set_theirs(self, seconds: float) -> None:
        """Somebody sets the systems' clock."""
        self.theirs += seconds
        self.later(seconds)


@pytest.fixture
def firm() -> Iterator[Clocks]:
    with serving() as sandbox, httpx.Client() as http:
        yield Clocks(sandbox, Store(None), http, [Pair("webcrm/persons", "customerp/contact")])


@pytest.fixture
def anna(firm: Clocks) -> int:
    """A person of Webcrm who has her contact in Customerp."""
    id_ = firm.crm_add("Persons", PersonFirstName="Anna", PersonLastName="Berg", PersonEmail=MAIL)
    firm.sync()
    return id_


def quiet(firm: Clocks) -> Synced:
    """Nothing is left to do."""
    for full in (False, True):
        synced = firm.sync(full=full)
        assert (synced.written, synced.unwritten) == ({}, {})
    assert firm.held() == []
    return synced


def edited_on_both_sides(firm: Clocks, anna: int, word: str) -> None:
    """Two people edit what is linked, each another property."""
    firm.crm_edit("Persons", anna, PersonTitle=f"Title {word}")
    firm.erp_edit("contacts", only(firm.erp("contacts"))["id"], first_name=f"Anna {word}")


def agreed(firm: Clocks, word: str) -> None:
    assert only(firm.crm("Persons", PersonTitle=f"Title {word}"))["PersonFirstName"] == f"Anna {word}"
    assert only(firm.erp("contacts", job_title=f"Title {word}"))["first_name"] == f"Anna {word}"


def systems_set(firm: Clocks, seconds: float) -> None:
    firm.set_theirs(seconds)


def ours_set(firm: Clocks, seconds: float) -> None:
    firm.ours += seconds


def ours_set_during_a_sync(firm: Clocks, seconds: float) -> None:
    firm.jump, firm.looks = seconds, 0


SET = [
    (systems_set, ours_set_during_a_sync),
    pytest.param([ours_set], marks=pytest.mark.thorough),  # as after a sync during which it was set
]


@pytest.mark.parametrize("setting", SET)
@pytest.mark.parametrize("seconds", JUMPS)
def test_a_clock_that_is_set_and_set_back_loses_no_edit(
    firm: Clocks, anna: int, seconds: float, setting: Sequence[Callable[[Clocks, float], None]]
) -> None:
    for set_clock in setting:
        for word, by in (("Ada", seconds), ("Bea", 0.0), ("Cia", -seconds)):
            set_clock(firm, by)
            arrives(firm, anna, f"{word} {set_clock.__name__}")
    arrives(firm, anna, "Dea")
    assert firm.ours == 0
    quiet(firm)


def arrives(firm: Clocks, anna: int, word: str) -> None:
    edited_on_both_sides(firm, anna, word)
    firm.later(600)
    firm.sync()
    agreed(firm, word)


def test_the_newer_edit_wins_whatever_the_clocks_show(firm: Clocks, anna: int) -> None:
    firm.set_theirs(-7 * DAY)
    firm.crm_edit("Persons", anna, PersonTitle="Daglig leder")
    firm.sync()
    firm.erp_edit("contacts", only(firm.erp("contacts"))["id"], job_title="Styreleder")
    firm.sync()
    assert only(firm.crm("Persons"))["PersonTitle"] == "Styreleder"
    assert only(firm.erp("contacts"))["job_title"] == "Styreleder"
    quiet(firm)


def test_a_system_restored_from_a_backup_is_believed_an_hour_later_and_gets_back_what_it_lost(
    firm: Clocks, anna: int
) -> None:
    before = only(firm.crm("Persons"))
    firm.crm_edit("Persons", anna, PersonTitle="Styreleder")
    firm.sync()
    lost = {name: before[name] for name in ("PersonTitle", "PersonUpdatedAt")}
    firm.sandbox.edit("webcrm", "Persons", anna, lost)
    for _ in range(2):
        assert firm.sync(full=True).written == {}
        assert only(firm.held())["reason"].startswith(OLDER)
    firm.later(BELIEVED.total_seconds())
    assert firm.sync().written == {}
    assert firm.sync(full=True).written == {"webcrm/persons": 1}
    assert only(firm.crm("Persons"))["PersonTitle"] == "Styreleder"
    assert only(firm.erp("contacts"))["job_title"] == "Styreleder"
    quiet(firm)
