"""What people did is noted as the hub could have known it: the promises are held against those notes."""

from dataclasses import replace

import pytest

from talk_assets.model.system import Action, Write
from talk_assets_tests.office import companies
from talk_assets_tests.simulator.memory import LAG, MemoryCollection, MemoryConnection
from talk_assets_tests.simulator.script import Hidden
from talk_assets_tests.simulator.world import World

ACME = {"name": "Acme", "number": "910000001"}


def firms(world: World, lag: int = 0) -> MemoryCollection:
    return MemoryCollection(world, "c/firms", replace(companies("firms"), reference=None), lag=lag)


def test_an_edit_that_changes_nothing_is_none() -> None:
    world = World()
    memory = firms(world)
    id_ = memory.employ(1, ACME | {"name": None})
    memory.edit(id_, {"name": None})
    assert len(world.edits["c/firms", id_, "name"]) == 1
    memory.edit(id_, {"name": "Acme AS"})
    assert [edit.value for edit in world.edits["c/firms", id_, "name"]] == [None, "Acme AS"]


def test_an_id_that_is_used_again_clears_what_the_new_record_lacks() -> None:
    world = World()
    memory = firms(world)
    id_ = memory.create(ACME, history=1)
    memory.delete(id_)
    memory.employ(1, ACME | {"name": None}, id_)
    assert world.clearings == {("name", 1)}


@pytest.mark.parametrize(("answered", "cleared"), [(False, {("name", 1)}), (True, set())])
def test_a_copy_in_place_of_a_record_whose_answer_was_lost_clears_what_it_lacks(
    *, answered: bool, cleared: set[tuple[str, int]]
) -> None:
    """Nobody could tell it from that record."""
    world = World()
    memory = MemoryCollection(world, "c/firms", companies("firms"))
    id_ = memory.create(ACME, history=1, reference="entity")
    if answered:
        memory.known.add(id_)
    memory.copy(1, ACME | {"name": None}, id_, replaced=True)
    assert world.clearings == cleared


@pytest.mark.parametrize(
    ("value", "noted"), [("Acme AS in Oslo", []), ("Acme AS in", []), ("Acme", ["c/firms/c1.name"])]
)
def test_what_was_shown_and_cannot_be_read_gives_way_to_a_newer_edit_alone(value: str, noted: list[str]) -> None:
    world = World()
    memory, elsewhere = firms(world), MemoryCollection(world, "b/firms", companies("firms"))
    other = elsewhere.employ(1, ACME | {"name": "Acme"})
    memory.hides = (Hidden("c/firms", "name", 1, 0, garbled=True),)
    id_ = memory.employ(1, ACME)
    memory.edit(id_, {"name": "Unreadable"})
    memory.show([memory.records[id_]])
    elsewhere.edit(other, {"name": "Acme AS in Oslo"})
    world.now += LAG
    MemoryConnection(world, {"firms": memory})._look_under(memory, id_, {"name": value})
    assert world.overwritten == noted


@pytest.mark.parametrize(("before", "noted"), [(LAG + 1, ["c/firms/c1"]), (LAG - 1, [])])
def test_a_record_could_be_read_once_a_list_showed_it(before: int, noted: list[str]) -> None:
    """Created just before the first run, it is in no list of a system that lags."""
    world = World()
    memory = firms(world, lag=LAG)
    memory.employ(1, ACME)
    world.opened = memory.born["c1"] + before
    write = Write("key", Action.CREATE, "entity_id", None, b'{"name": "Acme", "number": "910000001"}')
    MemoryConnection(world, {"firms": memory})._carry_out(memory, write, 1, lost=False)
    assert world.beside == noted


def test_a_record_that_left_the_archive_could_be_read_only_then() -> None:
    world = World()
    memory = firms(world)
    id_ = memory.employ(1, ACME)
    memory.archive(id_)
    world.opened = world.tick(2)
    memory.edit(id_, {"name": "Acme AS"})
    write = Write("key", Action.CREATE, "entity_id", None, b'{"name": "Acme", "number": "910000001"}')
    MemoryConnection(world, {"firms": memory})._carry_out(memory, write, 1, lost=False)
    assert world.beside == []
