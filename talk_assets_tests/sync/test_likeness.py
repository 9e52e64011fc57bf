"""Which differences between two values are none for a person."""

import pytest

from talk_assets.report.likeness import CONFLICTS, differ
from talk_assets_tests.office import Office


def differing(office: Office, field: str, one: str | None, other: str | None) -> bool:
    with office.transaction() as transaction:
        return bool(transaction.count(f"SELECT {differ('$1', '$2', '$3')}::INT", field, one, other))


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("city", "Drammen", "DRAMMEN"),
        ("name", "KLØVER BAKERI AS", "Kløver Bakeri AS"),
        ("name", "Kløver  Bakeri AS", " Kløver Bakeri AS"),
        ("street", "Storgata 1\nOslo", "Storgata 1 Oslo"),
        ("postal_code", "01 50", "0150"),
        ("name", "A\N{COMBINING RING ABOVE}s", "\N{LATIN CAPITAL LETTER A WITH RING ABOVE}s"),
        ("website", "https://www.acme.example", "www.acme.example"),
        ("website", "http://acme.example/", "https://ACME.example"),
        ("mobile", "+47 22 12 34 56", "0047 22123456"),
        ("phone", "+44 (0)20 7946-0018", "+442079460018"),
    ],
)
def test_case_blanks_schemes_and_the_form_of_numbers_are_no_difference(
    office: Office, field: str, one: str, other: str
) -> None:
    assert not differing(office, field, one, other)
    assert not differing(office, field, other, one)


@pytest.mark.parametrize(
    ("field", "one", "other"),
    [
        ("name", "Acme", "Acme Inc"),
        ("name", "Acme/", "Acme"),
        ("name", None, "Acme"),
        ("website", "acme.example/no", "acme.example/se"),
        ("mobile", "+4722123456", "+4722123457"),
        ("mobile", "unknown", "none"),
        ("description", "https://a.example", "a.example"),
        ("unit_price", "12", "1.2"),
    ],
)
def test_everything_else_is_one(office: Office, field: str, one: str | None, other: str) -> None:
    assert differing(office, field, one, other)


def test_two_blanks_do_not_differ(office: Office) -> None:
    assert not differing(office, "name", None, None)


def test_conflicts_of_form_stay_in_the_store_and_are_none_for_people(office: Office) -> None:
    with office.transaction() as transaction:
        for value, winner in (("Drammen", "DRAMMEN"), ("Drammen", "Oslo")):
            transaction.run(
                "INSERT INTO sync.conflicts (entity_type, entity_id, field, value, winner) VALUES ('company', '1'"
                ", 'city', ?, ?)",
                value,
                winner,
            )
        assert transaction.frame(f"SELECT winner FROM {CONFLICTS}")["winner"].to_list() == ["Oslo"]
        assert transaction.count("SELECT count(*) FROM sync.conflicts") == 2
