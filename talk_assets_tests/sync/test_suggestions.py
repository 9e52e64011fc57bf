"""What may have been meant by a value that can't be read: where it can mean two things, nothing is suggested."""

import pytest

from talk_assets.model.lens import suggestions
from talk_assets.model.lens.lens import Choice, Country, Date, Decimal, Instant, Text

STATUS = {name: name for name in ("draft", "confirmed", "delivered", "invoiced", "cancelled")}


@pytest.mark.parametrize(
    ("found", "meant"),
    [
        ("1.495,18", "1495.18"), ("1 495,18", "1495.18"), ("1\u00a0495,18", "1495.18"), ("1,495.18", "1495.18"),
        ("1'495.18", "1495.18"), ("1495,18", "1495.18"), ("kr 1 495,-", "1495"), ("12,-", "12"), ("-5,5", "-5.5"),
        ("\u22125,5", "-5.5"), ("NOK 12.50", "12.50"), ("12,5 %", "12.5"), ("1.495.000", "1495000"), ("0,125", "0.125"),
        ("1,495", None), ("kr 1.495", None), ("a lot", None), ("3 of 4", None), ("5 10", None), ("1.2.3", None),
        ("1e16", None), ("99999999999999999,5", None),
    ],
)  # fmt: skip
def test_a_number(found: str, meant: str | None) -> None:
    assert suggestions.suggest(Decimal("price"), [found]) == [meant]


@pytest.mark.parametrize(
    ("found", "meant"),
    [
        ("31.12.2024", "2024-12-31"), ("1.2.2024", "2024-02-01"), ("12/31/2024", "2024-12-31"),
        ("31/12/2024", "2024-12-31"), ("5/5/2024", "2024-05-05"), ("2024/12/31", "2024-12-31"),
        ("20241231", "2024-12-31"), ("31.12.2024 08:30", "2024-12-31"),
        ("02/03/2024", None), ("30.02.2024", None), ("31.12.24", None), ("in May", None),
    ],
)  # fmt: skip
def test_a_date(found: str, meant: str | None) -> None:
    assert suggestions.suggest(Date("day"), [found]) == [meant]


@pytest.mark.parametrize(
    ("found", "meant"),
    [("31.12.2024 08:30", "2024-12-31T08:30:00"), ("31.12.2024", "2024-12-31"), ("31.12.2024 soon", None)],
)
def test_a_time(found: str, meant: str | None) -> None:
    assert suggestions.suggest(Instant("at"), [found]) == [meant]


@pytest.mark.parametrize(
    ("found", "meant"),
    [("Confirmed", "confirmed"), ("canceled", "cancelled"), ("deliverd", "delivered"), ("partially-shipped", None)],
)
def test_a_choice(found: str, meant: str | None) -> None:
    assert suggestions.suggest(Choice("status", STATUS), [found]) == [meant]


def test_a_choice_is_also_known_by_what_it_means() -> None:
    won = Choice("won", {"true": "confirmed", "false": "draft"}, wire="boolean")
    assert suggestions.suggest(won, ["Confirmed", "False", "maybe"]) == ["true", "false", None]


def test_a_country_is_suggested_as_the_api_writes_it() -> None:
    assert suggestions.suggest(Country("country"), ["Norwy", "nowhere"]) == ["NO", None]
    assert suggestions.suggest(Country("country", wire="name"), ["Norwy"]) == ["Norway"]


def test_of_any_text_nothing_else_is_suggested() -> None:
    assert suggestions.suggest(Text("name"), ["1.495,18", None]) == [None, None]
