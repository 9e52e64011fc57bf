"""A few real crashes, and that the instrument which looks for harm would see it."""

from dataclasses import replace
from pathlib import Path

import pytest

from talk_assets_tests.crashes import campaign, shapes
from talk_assets_tests.crashes.office import opened
from talk_assets_tests.crashes.shapes import SHAPES, Record, Snapshot


def test_syncs_that_are_killed_leave_nothing_twice_and_end_like_those_that_are_not(tmp_path: Path) -> None:
    found = campaign.run(tmp_path, kills=1, seed=3, records=6, again=1.0)
    assert len(found.kills) == 1
    assert not found.violations, found.summary()


def test_two_syncs_at_once_take_turns_and_the_second_finds_nothing_left_to_write(tmp_path: Path) -> None:
    with opened(tmp_path, records=6, seed=1, command="hub") as office:
        both = {name: office.start(name) for name in ("one", "two")}
        writes = sorted(office.finish(running, name) for name, running in both.items())
        said = [(tmp_path / f"{name}.err").read_text("utf-8") for name in both]
        assert sorted({*text.split()} for text in said) == [set(), {"waiting"}]
        assert writes[0] == 0
        assert writes[1] > 0
        assert office.open_intents() == 0
        assert not [text for name, records in office.snapshot().items() for text in shapes.twice(name, records)]


ANNA = Record(1, "anna@example.com", {"mobile": "+4740000000"}, "an entity")


def contacts(*records: Record) -> Snapshot:
    return {shape.name: records if shape.name == "customerp/contacts" else () for shape in SHAPES}


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ([ANNA], []),
        ([replace(ANNA, id=7, external="another")], []),
        ([], ["customerp/contacts anna@example.com: 0 here, 1 in the twin"]),
        ([ANNA, replace(ANNA, id=2, external=None)], ["customerp/contacts anna@example.com: 2 here, 1 in the twin"]),
        (
            [replace(ANNA, values={"mobile": None})],
            ["customerp/contacts anna@example.com: mobile is None, in the twin '+4740000000'"],
        ),
    ],
)
def test_what_is_missing_twice_or_different_is_told_and_an_id_is_no_difference(
    found: list[Record], told: list[str]
) -> None:
    assert list(shapes.differences(contacts(*found), contacts(ANNA))) == told


def test_two_records_with_one_external_reference_are_told() -> None:
    told = "customerp/contacts: 2 records carry the external reference an entity"
    assert list(shapes.twice("customerp/contacts", [ANNA, replace(ANNA, id=2)])) == [told]
