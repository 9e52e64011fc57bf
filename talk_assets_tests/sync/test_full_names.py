"""A name in one property beside a name in two: the split that a person entered stays, and none is taken for an edit."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import person
from talk_assets.model.lens.lens import ALWAYS, NEVER, Email, FullName, Instant, Lens, Text, Writable
from talk_assets.store.database import Store
from talk_assets.sync.hub import Hub
from talk_assets.testing.memory import Memory

PARTS, WHOLE = "parts/people", "whole/people"
MAIL = "kari@acme.no"


def people(lens: Lens) -> Collection:
    return Collection(name="people", entity=person, id="id", modified=Instant("at"), version="version", lens=lens)


@dataclass
class Two:
    """A system that knows first and last names, and one that knows names as a whole; each has one person."""

    name: FullName = field(default_factory=lambda: FullName("name"))
    pairs: tuple[Pair, ...] = (Pair(PARTS, WHOLE),)
    hub: Hub = field(init=False)
    parts: Memory = field(init=False)
    whole: Memory = field(init=False)

    def __post_init__(self) -> None:
        email = Email("email")
        self.parts = Memory([people(Lens(email=email, first_name=Text("first"), last_name=Text("last")))])
        self.whole = Memory([people(Lens(self.name, email=email))])
        systems = {"parts": self.parts.system("parts"), "whole": self.whole.system("whole")}
        now = self.parts.clock.now
        self.hub = Hub(Store(None), systems, self.pairs, run="run", clock=lambda: datetime.fromtimestamp(now(), UTC))

    def put(self, memory: Memory, **values: str | None) -> None:
        """Somebody creates or edits the person, a minute later."""
        for one in (self.parts, self.whole):
            one.clock.advance(60)
        memory.put(memory.collections[0], next(iter(memory.records["people"]), None), {"email": MAIL, **values})

    def sync(self) -> int:
        """Return how many records were written."""
        for one in (self.parts, self.whole):
            one.clock.advance(60)
        for name in ("parts", "whole"):
            asyncio.run(self.hub.read(name))
        done = [asyncio.run(self.hub.write(name)).collections.values() for name in ("parts", "whole")]
        return sum(report.writes for reports in done for report in reports)

    def names(self) -> tuple[tuple[str, str], str]:
        (parts,), (whole,) = (one.records["people"].values() for one in (self.parts, self.whole))
        return (parts["first"], parts["last"]), whole["name"]

    def edits(self) -> int:
        """What people edited of the names, as the hub has it."""
        with self.hub.store.transaction() as transaction:
            return transaction.count("SELECT count(*) FROM sync.edits")


@pytest.fixture
def two() -> Two:
    return Two()


def test_a_split_stays_when_a_letter_is_corrected_elsewhere(two: Two) -> None:
    two.put(two.parts, first="Kari", last="Anne Dahl")
    two.sync()
    for name, split in (
        ("Kari Anne Dahle", ("Kari", "Anne Dahle")),
        ("Karin Anne Dahle", ("Karin", "Anne Dahle")),
        ("Karin Annette Dahle", ("Karin", "Annette Dahle")),
        ("Karin Annette Dahle Moe", ("Karin", "Annette Dahle Moe")),
    ):
        two.put(two.whole, name=name)
        assert two.sync() == 1
        assert two.names() == (split, name)
        assert two.sync() == 0
    two.put(two.parts, last="Moe")
    two.sync()
    assert two.names() == (("Karin", "Moe"), "Karin Moe")
    assert two.sync() == 0


@pytest.mark.parametrize("later", ["parts", "whole"])
def test_records_that_meet_with_one_name_keep_the_split_of_a_person(two: Two, later: str) -> None:
    for name in sorted(("parts", "whole"), key=later.__eq__):
        if name == "parts":
            two.put(two.parts, first="Kari", last="Anne Dahl")
        else:
            two.put(two.whole, name="Kari Anne Dahl")
    assert two.sync() == 0
    assert two.names() == (("Kari", "Anne Dahl"), "Kari Anne Dahl")
    two.put(two.whole, name="Kari Anne Dahle")
    two.sync()
    assert two.names() == (("Kari", "Anne Dahle"), "Kari Anne Dahle")
    assert two.sync() == 0


@pytest.mark.parametrize("writable", [ALWAYS, NEVER])
def test_a_person_who_moves_the_split_edits_nothing_in_the_other_system(writable: Writable) -> None:
    two = Two(FullName("name", writable=writable), (Pair(WHOLE, PARTS),))
    two.put(two.whole, name="Kari Anne Dahl")
    two.sync()
    assert two.names() == (("Kari Anne", "Dahl"), "Kari Anne Dahl")
    two.put(two.parts, first="Kari", last="Anne Dahl")
    assert two.sync() == 0
    assert two.names() == (("Kari", "Anne Dahl"), "Kari Anne Dahl")
    two.put(two.whole, name="Kari Anne Dahle")
    two.sync()
    assert two.names() == (("Kari", "Anne Dahle"), "Kari Anne Dahle")
    assert two.sync() == 0


WORDS = st.lists(st.sampled_from(["Kari", "Anne", "van", "der", "Dahl", "Moe", "de", "Åse-Lill", "O'Neil"]), max_size=3)


@settings(max_examples=2, deadline=None)
@given(first=WORDS, last=WORDS, meets=st.booleans())
def test_a_name_that_was_split_and_joined_is_no_edit(*, first: list[str], last: list[str], meets: bool) -> None:
    two = Two()
    two.put(two.parts, first=" ".join(first) or None, last=" ".join(last) or None)
    if meets:
        two.put(two.whole, name=" ".join((*first, *last)) or None)
    two.sync()
    before = two.names()
    two.put(two.whole, email="other@acme.no")
    assert two.sync() == 1
    assert two.names() == before
    assert two.sync() == 0
