"""Every rule of the lint finds its planted mistake, in one line, and leaves alone what only looks like one."""

import re
from collections.abc import Sequence
from typing import Any

import pytest

from talk_assets.errors import ConfigurationError
from talk_assets.model.collection import Collection, Part
from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import Entity, Field, Kind, company, order, person, product
from talk_assets.model.lens.lens import (
    NEVER,
    Choice,
    Decimal,
    Digits,
    Email,
    FullName,
    Lens,
    Lines,
    OneLine,
    OrganisationNumber,
    Ref,
    Text,
)
from talk_assets.model.lint import check, findings

member = Entity("member", (Field("state", Kind.CHOICE, values=("active", "inactive")),), ())
WHOLE = {"confirmed": "confirmed", "draft": "draft", "cancelled": "cancelled"}
FOLDS = {"delivered": "confirmed", "invoiced": "confirmed"}


class Unit(Choice):
    """A text of which there are only so many."""

    kinds = frozenset({Kind.TEXT})


def collection(name: str, entity: Entity, lens: Lens, **more: Any) -> Collection:  # noqa: ANN401 -- what Collection takes
    return Collection(**{"name": name, "entity": entity, "id": "Id", "lens": lens, **more})


COMPANIES = collection(
    "companies", company, Lens(name=Text("Name"), organisation_number=OrganisationNumber("OrgNr")), id="Number"
)
PRODUCTS = collection("products", product, Lens(number=Text("Sku")), id="ItemNumber")


def found(*collections: Collection, pairs: Sequence[Pair] = ()) -> list[str]:
    """What is found in a system of these collections, of companies and of products."""
    named = {one.name: one for one in (COMPANIES, PRODUCTS, *collections)}
    return [str(finding) for finding in findings({f"crm/{name}": one for name, one in named.items()}, pairs)]


def people(lens: Lens, **more: Any) -> Collection:  # noqa: ANN401 -- what Collection takes
    return collection("people", person, lens, **more)


def orders(lens: Lens, **more: Any) -> Collection:  # noqa: ANN401 -- what Collection takes
    return collection(**{"name": "orders", "entity": order, "lens": lens, **more})


MISTAKES = {
    "a field that the entity does not have": (
        people(Lens(shoe_size=Text("Shoe"))),
        "crm/people: shoe_size: person does not have it; it has first_name, ",
    ),
    "a kind that does not suit the field": (
        people(Lens(email=Text("Email"))),
        "crm/people: email: it holds e-mail; Text is for text",
    ),
    "two properties into one field": (
        people(Lens(FullName("Name"), last_name=Text("Surname"))),
        "crm/people: last_name: Name and Surname both hold it; one property may",
    ),
    "one property into two fields": (
        people(Lens(first_name=Text("Name"), last_name=Text("Name"))),
        "crm/people: last_name: Name holds first_name as well; a property holds one field",
    ),
    "where the sync keeps the entity's id": (
        people(Lens(job_title=Text("Code")), reference="Code"),
        "crm/people: job_title: Code holds the entity's id; another property must hold the field",
    ),
    "a property that is ignored": (
        people(Lens(job_title=Text("Title")), ignore=("Title",)),
        "crm/people: job_title: Title is ignored, so an edit would not be noticed; do not ignore it",
    ),
    "a property of an object that is ignored": (
        people(Lens(city=Text("address.city")), ignore=("Address",)),
        "crm/people: city: address.city is ignored",
    ),
    "one property in two spellings": (
        people(Lens(first_name=Text("Name"), last_name=Text("name"))),
        "crm/people: last_name: name holds first_name as well",
    ),
    "a foreign id by its name": (
        people(Lens(city=Text("CityId"))),
        'crm/people: city: CityId looks like the id of another record, held as a value; Ref("CityId", to=…)',
    ),
    "a foreign id, nested": (people(Lens(job_title=Text("company.id"))), "crm/people: job_title: company.id looks"),
    "a foreign id, in snake case": (people(Lens(city=Text("city_id"))), "crm/people: city: city_id looks"),
    "a foreign id in digits": (
        collection("firms", company, Lens(organisation_number=OrganisationNumber("parent_company_id"))),
        "crm/firms: organisation_number: parent_company_id looks",
    ),
    "the id of a known collection": (
        orders(Lens(number=Text("CustomerNo"))),
        "crm/orders: number: CustomerNo looks",
    ),
    "a foreign id in a line": (
        orders(Lens(lines=Lines("lines", description=Text("product_id")))),
        "crm/orders: lines.description: product_id looks",
    ),
    "an inverted flag": (
        collection("members", member, Lens(state=Choice("Inactive", {"true": "active", "false": "inactive"}))),
        "crm/members: state: Inactive true means active; its name says the contrary; swap it",
    ),
    "a flag that negates": (
        collection("members", member, Lens(state=Choice("is_not_active", {"true": "active", "false": "inactive"}))),
        "crm/members: state: is_not_active true means active",
    ),
    "an inverted spelling": (
        orders(Lens(status=Choice("State", {**WHOLE, "delivered": "draft"}, folds=FOLDS))),
        "crm/orders: status: State delivered means draft; its name says the contrary",
    ),
    "an inverted mark of deletion": (
        people(Lens(email=Email("Email")), deleted="IsActive"),
        "crm/people: IsActive: it marks deleted records; its name says the contrary",
    ),
    "a choice that lacks a value": (
        orders(Lens(status=Choice("State", WHOLE))),
        "crm/orders: status: State has no delivered, invoiced; every value of order.status needs one of confirmed, ",
    ),
    "a choice that folds to nothing": (
        orders(Lens(status=Choice("State", WHOLE, folds={**FOLDS, "invoiced": "paid"}))),
        "crm/orders: status: State folds to paid, which it does not have",
    ),
    "a choice of a value that is none": (
        orders(Lens(status=Choice("State", {**WHOLE, "lost": "gone"}, folds=FOLDS))),
        "crm/orders: status: State means gone; it is draft, confirmed",
    ),
    "a blank of another JSON type": (
        collection("items", product, Lens(unit_price=Decimal("Price", empty="-"))),
        'crm/items: unit_price: empty of Price is "-"; it must be a JSON number',
    ),
    "a choice of another JSON type": (
        collection("members", member, Lens(state=Choice("On", {"1": "active", "0": "inactive"}, wire="boolean"))),
        'crm/members: state: a value of On is "1"; it must be a JSON boolean',
    ),
    "a reference to no collection": (
        people(Lens(company=Ref("CompanyId", to="firms"))),
        "crm/people: company: it refers to firms, which the system does not have; it has companies, people, products",
    ),
    "a reference to another entity": (
        people(Lens(company=Ref("CompanyId", to="products"))),
        "crm/people: company: it refers to products, whose records are of product; a collection of company",
    ),
    "a reference by a property that is not kept": (
        orders(Lens(lines=OneLine(product=Ref("Item", to="products", by="Ean")))),
        "crm/orders: lines.product: it refers to products by Ean, which is not declared there; declared are ItemNumber",
    ),
    "a part that lacks its parent": (
        orders(Lens(lines=Lines("lines")), parts=(Part("lines", of="products", parent="OrderId", columns=("Sku",)),)),
        "crm/orders: lines: it needs OrderId of products, which keeps no such property",
    ),
    "a required property that is never written": (
        people(Lens(last_name=Text("Name", required=True, writable=NEVER))),
        "crm/people: last_name: a new record must have Name, which is never written",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_found_in_one_line_and_nothing_else_is(mistake: str) -> None:
    planted, line = MISTAKES[mistake]
    customers = collection("customers", company, Lens(), id="CustomerNo")
    lines = found(planted, *([customers] if mistake == "the id of a known collection" else []))
    assert len(lines) == 1
    assert lines[0].startswith(line)


def test_what_only_looks_like_a_mistake_is_left_alone() -> None:
    fine = [
        people(Lens(FullName("Name"), job_title=Text("Paid"), company=Ref("company.id", to="companies"))),
        collection(
            "firms",
            company,
            Lens(name=Text("Id"), organisation_number=OrganisationNumber("vat_id")),
            deleted="archived",
        ),
        collection("items", product, Lens(gtin=Digits("global_unique_id"), unit_price=Decimal("Price", empty="0"))),
        collection("units", product, Lens(unit=Unit("Unit", {"1": "piece", "2": "box"}, wire="integer"))),
        orders(
            Lens(lines=Lines("lines", description=Text("Sku"))),
            name="ordered",
            ignore=("lines",),
            parts=(Part("lines", of="products", parent="ItemNumber", columns=("Sku",)),),
        ),
        collection("members", member, Lens(state=Choice("Inactive", {"true": "inactive", "false": "active"}))),
        orders(
            Lens(
                status=Choice("WinYesNo", {"true": "confirmed", "false": "draft"}, folds=dict.fromkeys(
                    ("delivered", "invoiced", "cancelled"), "false")),
                lines=Lines("lines", id="id", product=Ref("sku", to="products", by="Sku")),
            )
        ),
    ]  # fmt: skip
    assert found(*fine) == []


def test_what_a_new_record_must_have_is_held_on_the_left_or_something_stands_for_it() -> None:
    users, contacts = people(Lens(email=Email("Mail"))), Lens(last_name=Text("Name", required=True))
    pair = [Pair("crm/people", "crm/contacts")]
    (line,) = found(users, collection("contacts", person, contacts), pairs=pair)
    assert line.startswith("crm/contacts: last_name: a new record must have Name, and crm/people has nothing for it;")
    stands = Lens(last_name=Text("Name", required=True, blank="-"))
    assert not found(users, collection("contacts", person, stands), pairs=pair)
    assert not found(people(contacts), collection("contacts", person, contacts), pairs=pair)
    assert not found(users, collection("contacts", person, contacts, creatable=False), pairs=pair)


def test_checking_stops_at_the_first_finding() -> None:
    with pytest.raises(ConfigurationError, match=re.escape("crm/people: email: it holds e-mail")):
        check({"crm/people": people(Lens(email=Text("Email")))})
    check({"crm/companies": COMPANIES})
