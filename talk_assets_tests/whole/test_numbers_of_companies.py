"""Companies are the same by the numbers of their registers: with their letters, and within their countries."""

import pytest

from talk_assets_tests.whole.firm import Firm, only


def organisation(firm: Firm, name: str, number: str, country: str = "") -> int:
    """Somebody creates an organisation in Webcrm."""
    return firm.crm_add(
        "Organisations", OrganisationName=name, OrganisationVatNumber=number, OrganisationCountry=country
    )


def customers(firm: Firm) -> dict[str, str | None]:
    """The numbers of the customers by name; nothing that is there is overwritten."""
    return {customer["name"]: customer["organisation_number"] for customer in firm.erp("customers")}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("ATU12345678", "AT"), ("12345678", "DK")),
        (("ATU12345678", None), ("12345678", "DK")),
        (("SC123456", None), ("NI123456", None)),
        (("SC123456", "GB"), ("123456", "IE")),
        (("12345678", "DK"), ("12345678", "FI")),
        (("DK12345678", None), ("FI12345678", None)),
        (("974760673", "NO"), ("974760673", "LT")),
    ],
)
def test_companies_whose_numbers_have_the_same_digits_are_two(
    firm: Firm, first: tuple[str, str | None], second: tuple[str, str | None]
) -> None:
    firm.erp_add("customers", name="First", organisation_number=first[0], address={"country": first[1]})
    organisation(firm, "Second", second[0], second[1] or "")
    firm.sync()
    assert customers(firm) == {"First": first[0], "Second": second[0]}
    assert only(firm.crm("Organisations"))["OrganisationName"] == "Second"
    assert firm.held() == []
    assert firm.sync().written == {}


@pytest.mark.parametrize(
    ("shown", "number", "country"),
    [
        ("NO 923 609 016 MVA", "923609016", None),
        ("NO923609016MVA", "923609016", "NO"),
        ("Org.nr. 923 609 016", "923609016", None),
        ("sc 123456", "SC123456", "GB"),
        ("CVR-nr. 12 34 56 78", "12345678", "DK"),
        ("CHE-123.456.789 MWST", "CHE123456789MWST", "CH"),
    ],
)
def test_spellings_of_one_number_are_one_company_that_nobody_edited(
    firm: Firm, shown: str, number: str, country: str | None
) -> None:
    organisation(firm, "Fjord", shown)
    id_ = firm.erp_add("customers", name="Fjord", organisation_number=number, address={"country": country})
    firm.sync()
    customer, crm = only(firm.erp("customers")), only(firm.crm("Organisations"))
    assert (customer["id"], customer["organisation_number"]) == (id_, number)
    assert crm["OrganisationVatNumber"] == shown
    assert firm.sync().written == {}


@pytest.mark.parametrize(
    ("vat", "number", "country"),
    [("DK12345678", "12345678", "DK"), ("SE556012579001", "556012-5790", "SE"), ("FR40303265045", "303265045", "FR")],
)
def test_a_vat_number_and_the_number_that_it_is_made_of_are_one_company(
    firm: Firm, vat: str, number: str, country: str
) -> None:
    organisation(firm, "Fjord", vat)
    id_ = firm.erp_add("customers", name="Fjord", organisation_number=number, address={"country": country})
    firm.sync()
    assert only(firm.erp("customers"))["id"] == id_
    assert firm.sync().written == {}


@pytest.mark.parametrize("number", ["IE6364992H", "SC123456", "CHE123456789", "DE136695976", "923609016"])
def test_what_is_written_is_what_was_read(firm: Firm, number: str) -> None:
    organisation(firm, "Fjord", number)
    firm.sync()
    assert customers(firm) == {"Fjord": number}
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
