"""A key that two records share, while all else says that they are two: neither is overwritten, and a person decides."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from talk_assets.operate.relinking import Record, Scene, unlink
from talk_assets_tests.whole.firm import Firm, only, pairs_of
from talk_assets_tests.whole.firm import firm as opened

PAIRS = [pair for pair in pairs_of("webcrm-customerp") if pair.right in {"customerp/contact", "customerp/product"}]


@pytest.fixture
def firm() -> Iterator[Firm]:
    """A CRM and an ERP that share products and people."""
    with opened(pairs=PAIRS) as found:
        yield found


@dataclass(frozen=True)
class Article:
    number: str
    name: str
    gtin: str | None
    price: str = "99"


DRILL = Article("CU-1006", "Drill Mini", "7070000000020", "5280.5")
CUPBOARD = Article("CU-1006", "Arkivskap Basis", "7070000000075", "3042")


def meet(firm: Firm, here: Article, there: Article) -> None:
    """An article of the CRM, and one of the ERP."""
    firm.crm_add(
        "Products",
        ProductCustom1=here.number, ProductCustom2=here.name, ProductCustom4=here.gtin, ProductPrice=float(here.price),
    )  # fmt: skip
    firm.erp_add("products", number=there.number, name=there.name, gtin=there.gtin, unit_price=there.price)
    firm.sync()


def names(firm: Firm) -> tuple[list[str], list[str]]:
    """What the articles are called in the CRM, and in the ERP."""
    crm = [one["ProductCustom2"] for one in firm.crm("Products")]
    return sorted(crm), sorted(one["name"] for one in firm.erp("products"))


def test_two_articles_of_one_number_are_held_and_neither_is_overwritten_or_created_again(firm: Firm) -> None:
    meet(firm, DRILL, CUPBOARD)
    assert [one["reason"] for one in firm.held()] == ["the same number, but another GTIN and another name"]
    assert firm.sync(full=True).written == {}
    assert names(firm) == (["Drill Mini"], ["Arkivskap Basis"])
    assert only(firm.erp("products"))["unit_price"] == "3042"


def test_a_person_says_that_they_are_two_and_is_not_asked_again(firm: Firm) -> None:
    """The ERP gives out a number once, so that the CRM's article is created there when it has another one."""
    meet(firm, DRILL, CUPBOARD)
    (held,) = firm.held()
    topologies = firm.hub.topologies
    with firm.store.transaction() as transaction:
        scene = Scene(topologies["product"], topologies, datetime.now(UTC), "by hand")
        assert unlink(transaction, scene, Record(held["collection"], held["id"]))
    firm.sync()
    assert firm.sync(full=True).written == {}
    assert [(one["what"], one["collection"]) for one in firm.held()] == [("change", "customerp/product")]
    firm.crm_edit("Products", only(firm.crm("Products"))["ProductId"], ProductCustom1="CU-1999")
    firm.sync()
    assert firm.held() == []
    assert {(one["number"], one["name"]) for one in firm.erp("products")} == {
        ("CU-1006", "Arkivskap Basis"),
        ("CU-1999", "Drill Mini"),
    }


def test_an_article_given_another_name_or_another_gtin_is_the_same(firm: Firm) -> None:
    meet(firm, DRILL, Article("CU-1006", "Mini drill, blå", "7070000000075"))
    meet(firm, Article("CU-7", "Bord", "7070000000105"), Article("CU-7", "Arkivskap", "07070000000105"))
    meet(firm, Article("CU-8", "Krakk", "7070000000112"), Article("CU-8", "Lampe", None))
    assert firm.held() == []
    assert len(firm.erp("products")) == 3


def test_a_gtin_that_was_given_out_again_is_another_article(firm: Firm) -> None:
    meet(firm, DRILL, Article("X-77", "Arkivskap Basis", DRILL.gtin))
    assert [one["reason"] for one in firm.held()] == ["the same GTIN, but another number and another name"]
    assert names(firm) == (["Drill Mini"], ["Arkivskap Basis"])


@pytest.mark.parametrize(
    ("first", "last", "held"),
    [
        ("Kari", "Moe", ["the same e-mail, but another first name and another last name"]),
        ("Anna", "Moe", []),
        ("Ana", "Bergh", []),
        (None, "Moe", []),
    ],
)
def test_people_who_share_an_address_are_two_where_both_names_differ(
    firm: Firm, first: str | None, last: str, held: list[str]
) -> None:
    firm.crm_add("Persons", PersonFirstName="Anna", PersonLastName="Berg", PersonEmail="post@fjord.example")
    firm.erp_add("contacts", first_name=first, last_name=last, email="post@fjord.example")
    firm.sync()
    assert [one["reason"] for one in firm.held()] == held
    assert len(firm.erp("contacts")) == 1
    if held:
        assert only(firm.erp("contacts"))["last_name"] == "Moe"
        assert only(firm.crm("Persons"))["PersonLastName"] == "Berg"
