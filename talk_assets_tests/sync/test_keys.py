"""What makes one key of values that only look different."""

import pytest

from talk_assets.model.entities import Rule
from talk_assets.store.database import Store
from talk_assets.sync.link import keys

NUMBER, GTIN = Rule("number", ("number",)), Rule("GTIN", ("gtin",))


def key(rule: Rule, value: str | None) -> str | None:
    with Store(None).transaction() as transaction:
        found = transaction.frame(
            f'SELECT {keys.key_of(rule, "t")} AS key FROM (SELECT $1::VARCHAR AS "{rule.fields[0]}") t', value
        )
    (one,) = found["key"].to_list()
    return one if one is None else str(one)


@pytest.mark.parametrize(
    "written",
    [
        "AB 12",
        "ab  12",
        "\N{FULLWIDTH LATIN CAPITAL LETTER A}B 12",
        "AB\N{NO-BREAK SPACE}12",
        "AB 1\N{SUPERSCRIPT TWO}",
    ],
)
def test_forms_of_one_text_are_one_key(written: str) -> None:
    assert key(NUMBER, written) == "ab 12"


@pytest.mark.parametrize("written", ["AB 21", "A B 12", "AB 12'", "ÅB 12"])
def test_another_text_is_another_key(written: str) -> None:
    assert key(NUMBER, written) != "ab 12"


@pytest.mark.parametrize(("written", "same"), [("07070000000020", "7070000000020"), ("0", "0"), (None, None)])
def test_zeros_before_a_gtin_make_no_other_key(written: str | None, same: str | None) -> None:
    assert key(GTIN, written) == same


def test_zeros_before_a_number_do() -> None:
    assert key(NUMBER, "0012") != key(NUMBER, "12")
