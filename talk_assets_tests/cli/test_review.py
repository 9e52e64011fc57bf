"""`talk review`, and what a person does about a pair: link, unlink, many at once, and taking it back."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from talk_assets import cli
from talk_assets.config import configuration
from talk_assets_tests.office import Office, open_office
from talk_assets_tests.sync.townsfolk import KARI, OLA, ON, lens

CRM, ERP = "crm/people", "erp/contacts"


def talk(*arguments: str, columns: int = 120) -> Result:
    return CliRunner().invoke(cli.talk, arguments, prog_name="talk", env={"COLUMNS": str(columns)})


def said(*arguments: str) -> str:
    """What a command that succeeds prints, as one line."""
    result = talk(*arguments)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def listed(*arguments: str) -> list[dict[str, Any]]:
    found = json.loads(talk("review", "--json", *arguments).stdout)["review"]
    assert isinstance(found, list)
    return found


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    office = open_office(tmp_path, monkeypatch)
    office.evidence = ON
    for key in (CRM, ERP):
        office.memories[key].collection = replace(office.memories[key].collection, lens=lens())
    monkeypatch.setattr(configuration, "current", lambda: office.config)
    return office


def two_pairs(office: Office) -> tuple[str, str]:
    """Kari and Ola are in both systems, without a key; return the records of Kari."""
    left, right = office.create(CRM, **KARI), office.create(ERP, **KARI)
    for key in (CRM, ERP):
        office.create(key, **OLA)
    office.sync()
    return f"{CRM}/{left}", f"{ERP}/{right}"


def held(office: Office) -> set[str]:
    with office.transaction() as transaction:
        return set(transaction.frame("SELECT collection || '/' || id AS r FROM sync.held")["r"])


def tables_of(office: Office) -> dict[str, list[str]]:
    """What an act of review may change, as text."""
    names = ("person.links", "person.golden", "sync.held", "sync.suggested", "sync.verdicts")
    with office.transaction() as transaction:
        return {name: sorted(map(str, transaction.frame(f"SELECT * FROM {name}").rows())) for name in names}


def test_every_pair_is_listed_with_both_records_and_its_probability(office: Office) -> None:
    left, right = two_pairs(office)
    pairs = listed()
    assert {frozenset((one["left"], one["right"])) for one in pairs} >= {frozenset((left, right))}
    assert [one["number"] for one in pairs] == [1, 2]
    assert all(one["probability"] > 0.5 for one in pairs)
    assert all(one["best"] and one["rule"] is None and one["evidence"] for one in pairs)


def test_the_text_has_the_records_whole_at_eighty_columns(office: Office) -> None:
    left, right = two_pairs(office)
    text = talk("review", columns=80).stdout
    assert left in text
    assert right in text
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "2 pairs wait for review." in text


def test_one_pair_in_full_has_the_values_of_both_and_the_commands(office: Office) -> None:
    two_pairs(office)
    (pair,) = (one for one in listed() if one["name"] == "Kari Nordmann")
    text = said("review", str(pair["number"]))
    assert "birth_date 1971-03-09 1971-03-09" in text
    assert f"talk link {pair['left']} {pair['right']}" in text
    assert f"talk unlink {pair['left']}" in text
    assert len(listed(str(pair["number"]))) == 1


def test_a_number_that_is_not_there_is_refused(office: Office) -> None:
    two_pairs(office)
    assert "the last one is 2" in talk("review", "3").stderr


def test_only_pairs_that_are_likely_enough_are_shown(office: Office) -> None:
    two_pairs(office)
    assert listed("--above", "1") == []
    assert said("review", "--above", "1") == "No pair with a probability of 1 or more waits for review."


def test_linking_a_pair_writes_nothing_anew_and_asks_no_more(office: Office) -> None:
    left, right = two_pairs(office)
    assert "To take it back: talk undo" in said("link", right, left)
    office.sync()
    assert len(listed()) == 1
    assert (len(office.records(CRM)), len(office.records(ERP))) == (2, 2)


def test_unlinking_a_pair_creates_the_other_record_and_never_asks_again(office: Office) -> None:
    _, right = two_pairs(office)
    said("unlink", right)
    office.sync()
    office.sync_in_full()
    assert len(listed()) == 1
    assert len(office.records(ERP)) == 3


def test_many_are_linked_at_once(office: Office) -> None:
    two_pairs(office)
    assert said("link", "--all", "--above", "0.6").startswith("2 pairs are linked.")
    office.sync()
    assert (listed(), held(office)) == ([], set())
    assert (len(office.records(CRM)), len(office.records(ERP))) == (2, 2)


def test_none_that_is_likely_enough_is_said(office: Office) -> None:
    two_pairs(office)
    result = talk("link", "--all", "--above", "1")
    assert result.exit_code == 1
    assert "no pair that waits for review has a probability of 1 or more" in result.stderr


@pytest.mark.parametrize("arguments", [["--all"], ["--above", "0.9"], ["crm/people/1"], []])
@pytest.mark.usefixtures("office")
def test_what_is_to_be_linked_is_said_in_full(arguments: list[str]) -> None:
    assert talk("link", *arguments).exit_code == 2


def one_linked(left: str, right: str) -> str:
    return said("link", right, left)


def one_unlinked(_: str, right: str) -> str:
    return said("unlink", right)


def all_linked(_: str, __: str) -> str:
    return said("link", "--all", "--above", "0.6")


@pytest.mark.parametrize("act", [one_linked, one_unlinked, all_linked])
def test_any_act_of_review_is_taken_back(office: Office, act: Callable[[str, str], str]) -> None:
    left, right = two_pairs(office)
    before = tables_of(office)
    sentence = act(left, right)
    assert tables_of(office) != before
    (undo,) = (part for part in sentence.split("talk ") if part.startswith("undo "))
    assert "Nothing was changed." in said("undo", undo.split()[1])
    said(*undo.split()[:3])
    assert tables_of(office) == before
    office.sync()
    assert len(listed()) == 2
    assert (len(office.records(CRM)), len(office.records(ERP))) == (2, 2)


def test_what_a_sync_has_written_since_is_undone_by_its_run_first(office: Office) -> None:
    _, right = two_pairs(office)
    act = said("link", right, f"{CRM}/{office.records(CRM)[0]['id']}").split("talk undo ")[1].split()[0]
    office.memories[CRM].edit(str(office.records(CRM)[0]["id"]), {"city": "Voss"})
    office.sync("written")
    result = talk("undo", act, "--write")
    assert result.exit_code == 1
    assert "Undo that run first" in result.stderr


def test_a_doubtful_record_is_listed_with_the_rule(office: Office) -> None:
    office.create(CRM, email="post@example.com", **KARI)
    right = office.create(ERP, email="post@example.com", **OLA)
    office.sync()
    (pair,) = listed()
    assert (pair["left"], pair["rule"]) == (f"{ERP}/{right}", "e-mail")
    assert pair["probability"] < 0.5
    assert "doubtful: the same e-mail" in said("review")


def test_duplicates_in_one_collection_are_reported_and_stay(office: Office) -> None:
    one, other = (office.create(ERP, **KARI) for _ in range(2))
    office.create(ERP, **OLA)
    office.sync()
    (found,) = json.loads(talk("duplicates", ERP, "--json").stdout)["duplicates"]
    assert {found["left"], found["right"]} == {f"{ERP}/{one}", f"{ERP}/{other}"}
    assert found["probability"] > 0.5
    text = said("duplicates", ERP)
    assert "1 pair of records may be the same." in text
    assert len(office.records(ERP)) == 3
    assert "there is no such collection" in talk("duplicates", "erp/nobody").stderr
