"""What makes two records likely the same, and what speaks against a key that agrees."""

from collections.abc import Mapping

import polars as pl
import pytest

from talk_assets.model.entities import ENTITIES
from talk_assets.store.database import Store
from talk_assets.sync.link.evidence import weighing, words
from talk_assets_tests.sync.evidence.records import Values, paired, side, weighed

ANNA: Values = {
    "first_name": "Anna",
    "last_name": "Bergström",
    "birth_date": "1981-04-12",
    "street": "Storgatan 14",
    "postal_code": "11122",
    "city": "Stockholm",
}
DRILL: Values = {"number": "CU-1006", "gtin": "7070000000020", "name": "Drill Mini", "unit_price": "5280.5"}
SHELF: Values = {"number": "CU-1006", "gtin": "7070000000075", "name": "Arkivskap Basis", "unit_price": "3042"}
SOME: Mapping[str, Values] = {
    "company": {"name": "Fjellbygg AS", "phone": "+4722334455", "email": "post@fjellbygg.example"},
    "person": ANNA,
    "product": DRILL,
    "order": {"number": "17", "order_date": "2026-01-02"},
}


@pytest.mark.parametrize(
    "again",
    [
        pytest.param({}, id="the same"),
        pytest.param({"last_name": "Bergstrøm"}, id="another alphabet"),
        pytest.param({"first_name": "Bergström", "last_name": "Anna"}, id="swapped names"),
        pytest.param({"birth_date": "1981-04-21"}, id="two digits in the wrong order"),
        pytest.param({"street": "Storgtan 14"}, id="a letter too few"),
    ],
)
def test_a_person_without_a_key_is_found_beside_herself(again: Values) -> None:
    found = weighed("person", [ANNA], [{**ANNA, **again}], 0.5)
    assert found.select("left_id", "right_id").rows() == [("l0", "r0")]


def test_a_name_alone_is_no_evidence() -> None:
    name = {field: ANNA[field] for field in ("first_name", "last_name")}
    assert weighed("person", [name], [name], 0.5).is_empty()


def test_an_article_whose_number_was_given_to_another_one_is_a_contradiction() -> None:
    odds, evidence = paired("product", DRILL, SHELF)
    assert odds < 0.05
    assert {"another GTIN", "another name"} <= set(words.against(evidence).split(" and "))


def test_an_article_that_was_renamed_is_the_same_by_its_gtin() -> None:
    odds, _ = paired("product", DRILL, {**DRILL, "name": "Boremaskin liten", "number": "9-4412"})
    assert odds > 0.5


def test_sizes_and_colours_are_other_articles() -> None:
    jacket = {"name": "Jakke Fjell S sort", "unit_price": "899", "description": "Vindtett jakke"}
    for other in ("Jakke Fjell M sort", "Jakke Fjell S hvit"):
        assert weighed("product", [jacket], [{**jacket, "name": other}], 0.5).is_empty()


def test_companies_of_two_countries_with_the_same_digits_are_not_the_same() -> None:
    one = {"name": "Alpenholz GmbH", "organisation_number": "ATU12345678", "country": "AT", "city": "Graz"}
    other = {"name": "Nordlys ApS", "organisation_number": "DK12345678", "country": "DK", "city": "Odense"}
    assert paired("company", one, other)[0] < 0.05


def test_a_legal_form_is_no_difference() -> None:
    one = {
        "name": "Fjellbygg AS",
        "street": "Storgata 1",
        "postal_code": "0155",
        "phone": "+4722334455",
        "country": "NO",
    }
    found = weighed("company", [one], [{**one, "name": "FJELLBYGG Aksjeselskap"}], 0.5)
    assert '"comparison":"name","level":"same"' in found["evidence"].item()


def test_what_a_side_does_not_have_is_no_evidence() -> None:
    _, evidence = paired("product", {"number": "A1", "name": "Drill"}, {"number": "A1", "gtin": "7070000000020"})
    assert [bar["comparison"] for bar in words.waterfall(evidence)] == ["number"]


def test_an_e_mail_that_many_share_is_weaker_evidence() -> None:
    shared = {"email": "team@example.com", "last_name": "Berg"}
    few = weighed("person", [shared], [shared])["probability"].max()
    many = weighed("person", [shared] * 30, [shared] * 30)["probability"].max()
    assert isinstance(few, float)
    assert isinstance(many, float)
    assert many < few


def test_duplicates_within_a_collection_are_found_once() -> None:
    records = side("person", "left", [ANNA, {**ANNA, "last_name": "Bergstrom"}, {"first_name": "Per"}])
    with Store(None).transaction() as transaction:
        relation = transaction.temporary("records", "SELECT left_id AS id, * EXCLUDE (left_id) FROM f", f=records)
        found = weighing.weigh_within(transaction, ENTITIES["person"], relation, 0.5)
    assert found.select("left_id", "right_id").rows() == [("l0", "l1")]


def test_the_side_that_is_far_larger_is_read_for_what_agrees_in_a_key_only() -> None:
    strangers = [{"first_name": f"A{n}", "last_name": f"B{n}", "birth_date": "1950-01-01"} for n in range(60)]
    many, one = [*strangers, ANNA], [{**ANNA, "first_name": "Ana"}]
    assert weighed("person", one, many, 0.5)["right_id"].to_list() == ["r60"]
    assert weighed("person", many, one, 0.5)["left_id"].to_list() == ["l60"]


@pytest.mark.parametrize("entity_type", ["company", "person", "product", "order"])
def test_nothing_is_weighed_where_there_is_nothing(entity_type: str) -> None:
    found = weighed(entity_type, [], [])
    assert found.is_empty()
    assert found.schema == pl.Schema(weighing.SCHEMA)


@pytest.mark.parametrize("entity_type", ["company", "person", "product", "order"])
def test_which_side_a_record_is_on_makes_no_odds(entity_type: str) -> None:
    one = SOME[entity_type]
    other = {**one, **{name: f"{value}1" for name, value in list(one.items())[:1]}}
    assert paired(entity_type, one, other)[0] == pytest.approx(paired(entity_type, other, one)[0])
