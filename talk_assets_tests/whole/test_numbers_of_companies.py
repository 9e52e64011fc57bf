"""Companies are the same by the numbers of their registers: with their letters, and within their countries."""

import pytest

from talk_assets_tests.whole.firm import Firm


def organisation(firm: Firm, name: str, number: str, country: str = "") -> int:
    """Somebody creates an organisation in Webcrm."""
    return firm.crm_add(
        "Organisations", OrganisationName=name, OrganisationVatNumber=number, OrganisationCountry=country
    )


def customers(firm: Firm) -> dict[str, str | None]:
    """The numbers of the customers by name; nothing that is there is overwritten."""
    return {customer["name"]: customer["organisation_number"] for customer in firm.erp("customers")}


SAME_DIGITS = (
    (("ATU12345678", "AT"), ("12345678", "DK")),
    (("ATU23456789", None), ("23456789", "DK")),
    (("SC123456", None), ("NI123456", None)),
    (("SC234567", "GB"), ("234567", "IE")),
    (("34567890", "DK"), ("34567890", "FI")),
    (("DK45678901", None), ("FI45678901", None)),
    (("974760673", "NO"), ("974760673", "LT")),
)
"""The numbers of two companies, each with its country."""


def test_companies_whose_numbers_have_the_same_digits_are_two(firm: Firm) -> None:
    wanted = dict[str, str]()
    ours = set[str]()
    for (first, home), (second, abroad) in SAME_DIGITS:
        firm.erp_add("customers", name=f"First {first} {home}", organisation_number=first, address={"country": home})
        organisation(firm, f"Second {second} {abroad}", second, abroad or "")
        wanted |= {f"First {first} {home}": first, f"Second {second} {abroad}": second}
        ours.add(f"Second {second} {abroad}")
    firm.sync()
    assert customers(firm) == wanted
    assert {one["OrganisationName"] for one in firm.crm("Organisations")} == ours
    assert firm.held() == []
    assert firm.sync().written == {}


SPELLINGS = (
    ("NO 923 609 016 MVA", "923609016", None),
    ("NO974760673MVA", "974760673", "NO"),
    ("Org.nr. 889 640 782", "889640782", None),
    ("sc 123456", "SC123456", "GB"),
    ("CVR-nr. 12 34 56 78", "12345678", "DK"),
    ("CHE-123.456.789 MWST", "CHE123456789MWST", "CH"),
)
"""A number as one system shows it, and as another has it with the country."""

MADE_OF = (
    ("DK13585628", "13585628", "DK"),
    ("SE556012579001", "556012-5790", "SE"),
    ("FR40303265045", "303265045", "FR"),
)
"""A VAT number, and the number of a register that it is made of."""


def test_spellings_of_one_number_are_one_company_that_nobody_edited(firm: Firm) -> None:
    ids = []
    for shown, number, country in (*SPELLINGS, *MADE_OF):
        organisation(firm, f"Fjord {shown}", shown)
        properties = {"organisation_number": number, "address": {"country": country}}
        ids.append(firm.erp_add("customers", name=f"Fjord {shown}", **properties))
    firm.sync()
    assert [(one["id"], one["organisation_number"]) for one in firm.erp("customers")] == [
        (id_, number) for id_, (_, number, _) in zip(ids, (*SPELLINGS, *MADE_OF), strict=True)
    ]
    spelled = [one["OrganisationVatNumber"] for one in firm.crm("Organisations")]
    assert spelled[: len(SPELLINGS)] == [shown for shown, *_ in SPELLINGS]
    assert firm.sync().written == {}


def test_what_is_written_is_what_was_read(firm: Firm) -> None:
    numbers = ("IE6364992H", "SC123456", "CHE123456789", "DE136695976", "923609016")
    for number in numbers:
        organisation(firm, f"Fjord {number}", number)
    firm.sync()
    assert customers(firm) == {f"Fjord {number}": number for number in numbers}
    assert firm.sync().written == {}


@pytest.mark.parametrize(
    ("known_before", "reason"),
    [
        (True, "several records here have the same organisation number, each in another country"),
        (False, "2 entities have the same organisation number"),
    ],
)
def test_a_company_of_no_known_country_that_could_be_two_is_held(firm: Firm, known_before: bool, reason: str) -> None:  # noqa: FBT001 -- a case
    firm.erp_add("customers", name="Nobody knows where", organisation_number="12345678")
    if known_before:
        firm.sync()
    for name, country in (("Danish", "Denmark"), ("Finnish", "Finland")):
        organisation(firm, name, "12345678", country)
    firm.sync()
    assert customers(firm) == {"Nobody knows where": "12345678"}
    assert {one["reason"] for one in firm.held() if one["what"] == "record"} == {reason}
    assert firm.sync().written == {}


def test_products_whose_gtins_have_the_same_digits_are_two(firm: Firm) -> None:
    firm.erp_add("products", name="First", number="1", gtin="ABC-123")
    firm.crm_add("Products", ProductCustom1="2", ProductCustom2="Second", ProductCustom4="XYZ 123")
    firm.sync()
    assert {one["name"]: one["gtin"] for one in firm.erp("products")} == {"First": "ABC-123", "Second": "XYZ123"}
    assert firm.sync().written == {}
