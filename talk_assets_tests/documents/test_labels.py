"""What the words of a document mean: all seven systems and their 21 pairs, as documents of any tool spell them."""

import pytest

from talk_assets.documents.labels import ALSO, Resolved, Vocabulary, resolve
from talk_assets.documents.parsing import Document
from talk_assets.model.dataflows import Pair

SYSTEMS = [
    Vocabulary(name, label, tuple(collections.split()), ALSO.get(name, ()))
    for name, label, collections in (
        ("customerp", "Customerp", "contact customer order product project"),
        ("powerofficego", "Powerofficego", "contactperson customers salesorders salesorderlines product departments"),
        ("poweroffice", "Poweroffice", "employee supplier customer"),
        ("poweroffice_peer", "PowerOffice", "contactperson customer"),
        ("customwebshop", "Custom", "customer order product"),
        ("crmoffice", "Crmoffice", "activities companies contacts"),
        ("webcrm", "Webcrm", "opportunities organisations quotationline users persons products"),
    )
]
FLOWS = {
    ("customerp", "powerofficego"): "contact-contactperson customer-customers order-salesorders product-product",
    ("poweroffice", "poweroffice_peer"): "employee-contactperson supplier-customer customer-contactperson",
    ("powerofficego", "customwebshop"): (
        "departments-customer salesorderlines-order customers-customer product-product salesorders-order"
    ),
    ("crmoffice", "customerp"): "activities-project companies-product contacts-contact",
    ("webcrm", "customerp"): (
        "opportunities-order organisations-customer quotationline-order users-contact persons-contact products-product"
    ),
}
LABELS = {system.name: system.label for system in SYSTEMS}
PAIRS = [
    Pair(f"{left}/{here}", f"{right}/{there}")
    for (left, right), pairs in FLOWS.items()
    for here, there in (pair.split("-") for pair in pairs.split())
]


def resolved(title: str | None, *sections: str) -> list[Resolved]:
    return resolve(Document(title, sections), SYSTEMS, PAIRS)


def meant(title: str | None, *sections: str) -> list[str | None]:
    """The pairs that sections mean, as `left → right`."""
    found = resolved(title, *sections)
    return [f"{one.pair.left} → {one.pair.right}" if one.pair else one.reason for one in found]


def test_there_are_21_pairs() -> None:
    assert len(PAIRS) == 21


@pytest.mark.parametrize("flow", FLOWS, ids="-".join)
@pytest.mark.parametrize("titled", [True, False], ids=["titled", "untitled"])
def test_every_pair_is_found_by_its_own_words(flow: tuple[str, str], titled: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    left, right = (LABELS[name] for name in flow)
    pairs = [pair for pair in PAIRS if (pair.left.split("/")[0], pair.right.split("/")[0]) == flow]
    sections = [
        f"{left} {pair.left.split('/')[1].title()} to {right} {pair.right.split('/')[1].title()}" for pair in pairs
    ]
    title = f"{left} to {right} Dataflow" if titled else "Everything"
    assert [one.pair for one in resolved(title, *sections)] == pairs


def test_one_system_spelled_in_three_ways_is_one_system() -> None:
    assert meant(
        "Customerp to PowerOffice GO Dataflow",
        "Customerp Contact to PowerOffice GO Contactperson",
        "Customerp Customer to Powerofficego Customers",
        "CustomERP order to PowerOffice Sales orders",
        "Customerp Product to PowerOffice Product",
    ) == [
        "customerp/contact → powerofficego/contactperson",
        "customerp/customer → powerofficego/customers",
        "customerp/order → powerofficego/salesorders",
        "customerp/product → powerofficego/product",
    ]


def test_two_systems_that_differ_in_case_alone_are_two_systems() -> None:
    sections = {
        "Poweroffice Employee to PowerOffice Contact person": "poweroffice/employee → poweroffice_peer/contactperson",
        "Poweroffice Supplier to PowerOffice Customer": "poweroffice/supplier → poweroffice_peer/customer",
        "Poweroffice Customer to PowerOffice Contactperson": "poweroffice/customer → poweroffice_peer/contactperson",
    }
    assert meant("Poweroffice to PowerOffice Dataflow", *sections) == list(sections.values())
    for section, pair in sections.items():
        assert meant("Poweroffice to PowerOffice Dataflow", section) == [pair]


def test_collections_that_are_named_tell_two_systems_apart_whatever_the_case_of_their_label() -> None:
    assert meant(
        "PowerOffice to PowerOffice Dataflow",
        "POWEROFFICE Employee to POWEROFFICE Contactperson",
        "PowerOffice Supplier to PowerOffice Customer",
    ) == [
        "poweroffice/employee → poweroffice_peer/contactperson",
        "poweroffice/supplier → poweroffice_peer/customer",
    ]


@pytest.mark.parametrize(
    "other", ["Customerp Order to PowerOffice Salesorders", "Customerp Product to PowerOffice GO Product"]
)
def test_another_section_says_which_system_a_label_means(other: str) -> None:
    found = meant("Customerp to PowerOffice Dataflow", "Customerp Contact to PowerOffice Contactperson", other)
    assert found[0] == "customerp/contact → powerofficego/contactperson"


def test_the_title_says_which_system_a_label_means() -> None:
    section = "Customerp Contact to PowerOffice Contactperson"
    assert meant("Customerp to Powerofficego Dataflow", section) == ["customerp/contact → powerofficego/contactperson"]


@pytest.mark.parametrize("title", ["Customerp to PowerOffice Dataflow", "What is synchronised"])
def test_a_label_that_could_still_be_two_systems_is_not_guessed(title: str) -> None:
    assert meant(title, "Customerp Contact to PowerOffice Contactperson") == [
        "PowerOffice could be poweroffice_peer or powerofficego, and nothing else in the document says which"
    ]


def test_custom_is_the_webshop_and_customerp_is_not() -> None:
    assert meant(
        "Powerofficego to Custom Dataflow",
        "Powerofficego Departments to Custom Customer",
        "PowerOffice GO Sales order lines to Custom Orders",
        "PowerOffice Product to custom product",
    ) == [
        "powerofficego/departments → customwebshop/customer",
        "powerofficego/salesorderlines → customwebshop/order",
        "powerofficego/product → customwebshop/product",
    ]


def test_sections_of_several_dataflows_stand_in_one_document() -> None:
    assert meant(
        "All dataflows",
        "Webcrm Quotationline to Customerp Order",
        "CRM Office Activity to Customerp Project",
        "Powerofficego Departments to Custom Customer",
    ) == [
        "webcrm/quotationline → customerp/order",
        "crmoffice/activities → customerp/project",
        "powerofficego/departments → customwebshop/customer",
    ]


def test_a_section_that_the_title_does_not_cover_is_found_by_its_own_words() -> None:
    found = meant(
        "Webcrm to Customerp Dataflow", "Webcrm Persons to Customerp Contact", "Crmoffice Contacts to Customerp Contact"
    )
    assert found[1] == "crmoffice/contacts → customerp/contact"


@pytest.mark.parametrize(
    ("section", "reason"),
    [
        ("Customerp Contact to Webcrm Persons", "the pair goes the other way: every record of webcrm/persons has one"),
        ("Webcrm Persons to Customerp Customer", "there is no pair webcrm/persons → customerp/customer"),
        (
            "Hubspot Contact to Customerp Contact",
            '"Hubspot Contact" begins with no system\'s label; there are Customerp',
        ),
        ("Webcrm Persons to Customerp Invoice", '"Customerp Invoice" names no collection: customerp has contact, '),
        ("Webcrm Persons to Webcrm Users", "no two systems have these collections"),
        ("PowerOffice Invoice to Custom Order", '"PowerOffice Invoice" names no collection: powerofficego has '),
    ],
)
def test_what_no_pair_covers_is_told_with_what_there_is(section: str, reason: str) -> None:
    (found,) = resolved("Webcrm to Customerp Dataflow", section)
    assert found.pair is None
    assert found.reason is not None
    assert found.reason.startswith(reason)


def test_the_label_alone_decides_between_two_dataflows_that_there_are() -> None:
    """What we write ourselves spells every label to the letter."""
    both = [*PAIRS, Pair("customerp/contact", "poweroffice_peer/contactperson")]
    for label, name in (("PowerOffice", "poweroffice_peer"), ("Powerofficego", "powerofficego")):
        document = Document(f"Customerp to {label} Dataflow", (f"Customerp Contact to {label} Contactperson",))
        (found,) = resolve(document, SYSTEMS, both)
        assert found.pair == Pair("customerp/contact", f"{name}/contactperson")
