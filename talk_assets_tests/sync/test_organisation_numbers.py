"""By which key organisation numbers are compared, held against the numbers that python-stdnum knows."""

import re
from collections.abc import Iterator

import duckdb
import pytest
from stdnum.eu.vat import MEMBER_STATES
from stdnum.util import get_cc_module

from talk_assets.model.entities import company
from talk_assets.model.lens.lens import OrganisationNumber
from talk_assets.sync.link import keys
from talk_assets_tests.sync.test_lens import got

RULE = company.rules[0]


def read(number: str) -> str:
    """What is read of a number."""
    (found,) = got(OrganisationNumber("n"), number)
    assert found
    return found


def key(number: str, country: str | None = None) -> tuple[str, str]:
    """The country and the key of a number, as matching compares it."""
    row = duckdb.sql(
        f"SELECT {keys.country_of(RULE, 'c')}, {keys.key_of(RULE, 'c')}"
        " FROM (SELECT $1::VARCHAR AS organisation_number, $2::VARCHAR AS country) c",
        params=[read(number), country],
    ).fetchone()
    assert row
    return row


def vat_numbers() -> Iterator[tuple[str, str]]:
    """The numbers in the documentation of python-stdnum that it holds for valid VAT numbers, with their countries."""
    for country in (*sorted(MEMBER_STATES), "no", "gb", "ch"):
        module = get_cc_module({"xi": "gb"}.get(country, country), "vat")
        assert module
        documented = module.__doc__ or ""
        for number in re.findall(r"(?:validate|is_valid|compact)\('([^']+)'\)", documented):
            if module.is_valid(number):
                prefix = {"gr": "EL", "xi": "XI"}.get(country, country.upper())
                compact = module.compact(number).upper()
                yield country, compact if compact.startswith((prefix, "CHE")) else f"{prefix}{compact}"


@pytest.mark.parametrize(("country", "number"), sorted(set(vat_numbers())))
def test_a_vat_number_names_its_country(country: str, number: str) -> None:
    place = {"xi": "gb", "no": ""}.get(country, country).upper()  # a Norwegian one is read without its letters
    assert key(number)[0] == place
    assert key(number, "PT")[0] == (place or "PT")


def test_the_number_of_the_register_is_found_in_the_vat_number() -> None:
    assert key("SE 556012-5790 01") == ("SE", "5560125790")
    assert key("FR 40 303 265 045") == ("FR", "303265045")
    assert key("BE 403.019.261") == key("BE0403019261") == ("BE", "0403019261")
    assert key("CHE-123.456.788 TVA") == key("CHE123456788")
    assert key("NO 974 760 673 MVA", "NO") == key("974760673", "SJ") == ("NO", "974760673")
    assert key("12345678", "GL") == key("dk12345678") == ("DK", "12345678")


@pytest.mark.parametrize("number", ["SC123456", "NI123456", "OC301234", "SI123456", "SE000123", "NL000123", "LP003456"])
def test_letters_that_are_no_country_belong_to_the_number(number: str) -> None:
    assert key(number) == ("", number)
    assert key(number, "GB") == ("GB", number)
