"""What each kind of property makes of what APIs show, and that every one of them obeys the lens laws."""

import json
from typing import Any

import polars as pl
import pytest

from talk_assets.model.entities import company, order, person, product, project
from talk_assets.model.lens import countries
from talk_assets.model.lens.lens import (
    NEVER,
    ON_CREATE,
    Choice,
    Country,
    Currency,
    Date,
    Decimal,
    Digits,
    Email,
    FullName,
    Instant,
    Lens,
    Lines,
    OneLine,
    OrganisationNumber,
    Phone,
    Ref,
    Text,
    Value,
)
from talk_assets.testing.lens_laws import check_lens

NO_DATE = "0001-01-01T00:00:00+00:00"

NUMBERS = {"delivered": "2", "invoiced": "2", "cancelled": "1"}
FOLDS = {"delivered": "true", "invoiced": "true", "cancelled": "false"}

PERSON = Lens(
    first_name=Text("FirstName", empty="", max_length=20),
    last_name=Text("LastName", blank="-", required=True),
    job_title=Text("title", wire="integer"),
    email=Email("Email", empty="", max_length=50, length_unit="utf-16"),
    phone=Phone("Phone"),
    mobile=Phone("Mobile", region="SE", max_length=12),
    birth_date=Date("Birthday", wire="datetime", empty=NO_DATE),
    company=Ref("CompanyId", to="companies", wire="integer", empty="0", writable=ON_CREATE),
    street=Text("address.Street", multiline=True),
    postal_code=Text("address.zip.code"),
    city=Text("address.city", writable=NEVER),
    country=Country("address.country", wire="name", max_length=20),
)
ORDER = Lens(
    number=Text("no", nothing=("[]", "--Velg--")),
    customer=Ref("customer", to="companies"),
    order_date=Date("ordered"),
    currency=Currency("currency"),
    status=Choice("won", {"true": "confirmed", "false": "draft"}, wire="boolean", folds=FOLDS),
    lines=Lines(
        "lines",
        id="id",
        product=Ref("item", to="products", by="number"),
        description=Text("text", max_length=30, length_unit="utf-16"),
        quantity=Decimal("quantity", wire="string"),
        unit_price=Decimal("price", places=2),
        discount=Decimal("discount"),
    ),
)
ONE_LINE = Lens(
    description=Text("memo", multiline=True),
    status=Choice("state", {"1": "draft", "2": "confirmed", "3": "confirmed"}, wire="integer", folds=NUMBERS),
    lines=OneLine(
        product=Ref("item", to="products"), quantity=Decimal("quantity", empty="0"), discount=Decimal("rebate")
    ),
)
LENSES = {
    "person": (PERSON, person),
    "full name": (Lens(FullName("Name", max_length=40), email=Email("mail")), person),
    "company": (
        Lens(name=Text("name"), organisation_number=OrganisationNumber("orgNr"), country=Country("land")),
        company,
    ),
    "escaped": (Lens(name=Text("title", escaped=True), description=Text("d", escaped=True, multiline=True)), product),
    "product": (
        Lens(unit_price=Decimal("price"), unit_cost=Decimal("cost", wire="string", places=3), gtin=Digits("gtin")),
        product,
    ),
    "order": (ORDER, order),
    "order of one line": (ONE_LINE, order),
    "project": (Lens(starts_at=Instant("from", precision="s", zone="+00:00"), ends_at=Instant("to", zone="")), project),
}


@pytest.mark.parametrize("name", LENSES)
def test_reading_back_what_was_put_and_putting_back_what_was_read(name: str) -> None:
    check_lens(*LENSES[name])


def got(prop: Value, *raw: str | None) -> list[str | None]:
    """What a property reads of texts."""
    return (
        pl.DataFrame({prop.property: raw}, schema={prop.property: pl.String})
        .select(prop.get("f")["f"].alias("f"))["f"]
        .to_list()
    )


def put(lens: Lens, *, create: bool = False, **values: str | None) -> dict[str, Any]:
    """What is sent for one row of values."""
    body: dict[str, Any] = json.loads(
        lens.put(pl.DataFrame([values], schema=dict.fromkeys(values, pl.String)), create=create)[0]
    )
    return body


def test_text_is_trimmed_and_blank_text_is_null() -> None:
    assert got(Text("t"), " a ", "", "  ", None, "0", "a\r\n b") == ["a", None, None, None, "0", "a b"]
    assert got(Text("t", multiline=True), "a\r\nb\rc") == ["a\nb\nc"]


def test_an_entity_is_a_spelling_of_its_character() -> None:
    title = Text("t", escaped=True)
    seen = [
        "Nuts &amp; bolts",
        "Nuts & bolts",
        "5&#8243; caf&eacute;",
        "a&nbsp;b",
        "AT&T; &nosuch;",
        "&amp;lt;",
    ]
    right = ["Nuts & bolts", "Nuts & bolts", "5″ café", "a b", "AT&T; &nosuch;", "&lt;"]
    assert got(title, *seen) == right
    assert got(Text("t"), "Nuts &amp; bolts") == ["Nuts &amp; bolts"]
    sent = [put(Lens(name=title), name=text)["t"] for text in ("Nuts & bolts", "&lt;", "R&D;")]
    assert sent == ["Nuts & bolts", "&amp;lt;", "R&D;"]


def test_what_stands_for_nothing_reads_as_blank() -> None:
    assert got(Text("t", blank="-", empty="?", nothing=("[]", "--Velg--")), "-", "?", "[]", "--Velg--", "--") == [
        None
    ] * 4 + ["--"]


def test_an_email_is_lower_case() -> None:
    assert got(Email("e"), " Kari.Ås@Example.NO ") == ["kari.ås@example.no"]


def test_a_phone_is_e164_where_it_is_a_number_and_nothing_else() -> None:
    seen = ["912 34 567", "+47 91234567", "0047 912 34 567", "0701234567", "91234567 (Kari)", "22 33 44 55 ext. 5", "1"]
    right = ["+4791234567"] * 3 + ["0701234567", "91234567 (Kari)", "22 33 44 55 ext. 5", "1"]
    assert got(Phone("p"), *seen) == right
    assert got(Phone("p", region="SE"), "070-123 45 67") == ["+46701234567"]


def test_a_number_is_its_digits_where_it_has_no_letters() -> None:
    seen = ["7 038010-009457", "0070-1", "EAN: 7038010009457", "n/a", "ABC-123", "ISBN 0-306-40615-X", "12 per pallet"]
    right = ["7038010009457", "00701", "7038010009457", None, "ABC123", "030640615X", "12 per pallet"]
    assert got(Digits("d"), *seen) == right


def test_an_organisation_number_keeps_its_letters_and_loses_its_form() -> None:
    seen = [
        "974 760 673",
        "NO 974 760 673 MVA",
        "974760673MVA",
        "Org.nr.: 974 760 673",
        "Foretaksregisteret NO974760673",
    ]
    assert got(OrganisationNumber("n"), *seen) == ["974760673"] * len(seen)
    seen = [
        "ATU 1234.5678",
        "sc123456",
        "IE6364992H",
        "2077474-0",
        "CHE-123.456.789 MWST",
        "none",
        "under stiftelse, 1",
    ]
    right = ["ATU12345678", "SC123456", "IE6364992H", "20774740", "CHE123456789MWST", None, "under stiftelse, 1"]
    assert got(OrganisationNumber("n"), *seen) == right


def test_a_decimal_is_plain() -> None:
    seen = ["1.50", "100", "-0.00", "1e-7", "007", "0.30000000000000004", "12345678901.12", "abc", "1,5", "1e15"]
    right = ["1.5", "100", "0", "0.0000001", "7", "0.3", "12345678901.12", None, None, None]
    assert got(Decimal("d"), *seen) == right
    assert got(Decimal("d", wire="string", places=2), "2.665", "-2.665", "99999999999999.994") == [
        "2.67",
        "-2.67",
        "99999999999999.99",
    ]


def test_a_date_is_the_day_where_it_was_written() -> None:
    seen = [
        "2024-05-17",
        "2024-05-17T00:00:00+02:00",
        "2024-05-17 23:59",
        "31.31.2020",
        "2023-02-29",
        "0001-01-01T00:00:00",
    ]
    assert got(Date("d"), *seen) == ["2024-05-17"] * 3 + [None] * 3


def test_an_instant_is_utc_with_microseconds() -> None:
    seen = ["2022-08-11T08:45:34+01:00", "2021-09-30 08:03:00.1234567+00:00", "2022-08-11T07:45", "2022-08-11", "soon"]
    right = ["2022-08-11T07:45:34.000000Z", "2021-09-30T08:03:00.123456Z", "2022-08-11T07:45:00.000000Z"]
    assert got(Instant("i"), *seen) == [*right, "2022-08-11T00:00:00.000000Z", None]


def test_a_country_is_read_by_code_or_by_name_in_five_languages() -> None:
    seen = [
        "no",
        "Norge",
        "Norway",
        "Norwegen",
        "Sverige",
        "TYSKLAND",
        "Østerrike",
        "Østrig",
        "Österrike",
        "USA",
        "Ruritania",
    ]
    right = ["NO", "NO", "NO", "NO", "SE", "DE", "AT", "AT", "AT", "US", "Ruritania"]
    assert got(Country("c"), *seen) == right


def test_every_country_is_read_from_the_name_it_is_written_by() -> None:
    lens = Lens(country=Country("c", wire="name"))
    codes = pl.DataFrame({"country": list(countries._names())})
    assert codes.height > 240
    assert lens.limit(codes).equals(codes)
    assert put(lens, country="DE") == {"c": "Germany"}


def test_a_full_name_is_taken_apart_before_the_last_word_and_its_particles() -> None:
    names = ["Per Ole Hansen", "Anna van der Berg", "Ola", " ", "Eva  Lind"]
    got_names = Lens(FullName("n")).get(pl.DataFrame({"n": names}))
    assert got_names.rows() == [
        ("Per Ole", "Hansen"),
        ("Anna", "van der Berg"),
        (None, "Ola"),
        (None, None),
        ("Eva", "Lind"),
    ]
    assert put(Lens(FullName("n")), first_name="Per Ole", last_name="Hansen") == {"n": "Per Ole Hansen"}
    assert put(Lens(FullName("n")), first_name=None, last_name=None) == {"n": None}


def test_values_are_sent_in_their_json_types() -> None:
    body = put(ORDER, status="draft", customer="7", lines='[{"product":"A","quantity":"1.5","unit_price":"2.50"}]')
    assert body == {"customer": "7", "won": False, "lines": [{"item": "A", "quantity": "1.5", "price": 2.5}]}
    assert put(PERSON, create=True, company="7", city="Oslo", last_name="A") == {"CompanyId": 7, "LastName": "A"}


def test_times_and_names_are_spelled_as_the_api_declares() -> None:
    times = Lens(
        starts_at=Instant("from", precision="s", zone="+00:00"), ends_at=Instant("to", precision="ms", zone="")
    )
    at = "2024-05-17T08:30:00.123456Z"
    assert put(times, starts_at=at, ends_at=at) == {
        "from": "2024-05-17T08:30:00+00:00",
        "to": "2024-05-17T08:30:00.123",
    }
    assert put(Lens(ends_at=Instant("to")), ends_at=at) == {"to": at}
    assert put(PERSON, birth_date="1980-02-29") == {"Birthday": "1980-02-29T00:00:00+00:00"}
    assert put(ORDER, order_date="2024-05-17", currency="NOK") == {"ordered": "2024-05-17", "currency": "NOK"}
    assert put(PERSON, mobile="+46701234567", country="SE") == {"Mobile": "+46701234567", "address.country": "Sweden"}


def test_a_blank_is_left_out_of_a_create_and_cleared_by_an_update() -> None:
    blank: dict[str, Any] = dict.fromkeys(("first_name", "last_name", "phone", "birth_date"))
    assert put(PERSON, create=True, **blank) == {"LastName": "-"}
    assert put(PERSON, **blank) == {"FirstName": "", "LastName": "-", "Phone": None, "Birthday": NO_DATE}
    assert put(ORDER, lines=None) == {"lines": []}


def test_only_masked_fields_are_put_and_never_those_that_cannot_be_written() -> None:
    values = pl.DataFrame(
        {"first_name": ["A", "B"], "email": ["a@x", "b@x"], "city": ["X", "Y"], "company": ["1", "2"]}
    )
    mask = pl.DataFrame(
        {"first_name": [True, False], "email": [False, None], "city": [True, True], "company": [True, True]}
    )
    assert PERSON.put(values, mask).to_list() == ['{"FirstName":"A"}', "{}"]
    assert PERSON.put(values, mask, create=True).to_list() == ['{"FirstName":"A","CompanyId":1}', '{"CompanyId":2}']


def test_what_the_api_has_no_spelling_for_is_left_alone() -> None:
    assert put(ORDER, status="delivered") == {"won": True}
    assert put(ORDER, status="no such status", number="1") == {"no": "1"}
    assert put(PERSON, job_title="boss") == {}


def test_limits_are_what_the_api_will_show() -> None:
    values = pl.DataFrame(
        {"first_name": ["A" * 19 + " B"], "status": ["delivered"], "lines": ['[{"product":"A"},{"product":"B"}]']}
    )
    assert PERSON.limit(values.select("first_name"))["first_name"].to_list() == ["A" * 19]
    assert ORDER.limit(values).rows() == [("confirmed", '[{"product":"A"},{"product":"B"}]')]
    assert ONE_LINE.limit(values.select("lines"))["lines"].to_list() == ['[{"product":"A"}]']


def test_a_line_keeps_its_id_by_product_when_others_come_and_go() -> None:
    raw = pl.DataFrame({"lines": ['[{"id":"a","item":"P"},{"id":"b","item":"Q"},{"id":"c","item":"P"}]', None]})
    wanted = pl.DataFrame({"lines": ['[{"product":"Q"},{"product":"new"},{"product":"P"}]', '[{"product":"P"}]']})
    first, second = (json.loads(body)["lines"] for body in ORDER.put(wanted, raw=raw))
    assert first == [{"id": "b", "item": "Q"}, {"item": "new"}, {"id": "a", "item": "P"}]
    assert second == [{"item": "P"}]


def test_a_misfit_names_the_property_what_was_found_and_what_would_be_right() -> None:
    fits = {"FirstName": "5", "Birthday": "2020-01-31", "CompanyId": "3"}
    rows = [fits, fits | {"Birthday": "31.31.2020"}, fits | {"CompanyId": "x" * 100}]
    raw = pl.DataFrame(rows, schema=dict.fromkeys(PERSON.columns, pl.String))
    assert PERSON.invalid(raw).to_list() == [
        None,
        "Birthday is '31.31.2020'; it should be a date, as 2024-05-17",
        f"CompanyId is '{'x' * 60}…'; it should be the id of a record of companies, a whole number",
    ]


@pytest.mark.parametrize("lines", ["x", "[x", "[1]", '[{"quantity":"abc"}]', '{"quantity":"1"}'])
def test_lines_that_are_no_list_of_lines_are_a_misfit(lines: str) -> None:
    raw = pl.DataFrame([{"lines": lines}, {"lines": "[]"}], schema=dict.fromkeys(ORDER.columns, pl.String))
    reason, fits = ORDER.invalid(raw).to_list()
    assert reason.startswith(
        f"lines is '{lines}'; it should be a list of objects (item: the number of a record of products"
    )
    assert fits is None


def test_a_status_that_is_not_declared_is_a_misfit_and_not_a_blank() -> None:
    raw = pl.DataFrame([{"state": "9"}, {"state": "3"}], schema=dict.fromkeys(ONE_LINE.columns, pl.String))
    assert ONE_LINE.invalid(raw).to_list() == ["state is '9'; it should be one of 1, 2, 3", None]


def test_a_record_that_the_api_would_refuse_to_create_is_told_apart() -> None:
    lens = Lens(name=Text("Name", required=True), email=Email("Mail"))
    values = pl.DataFrame({"name": [None, "A"], "email": ["a@x", None]})
    assert lens.missing(values).to_list() == ["Name must not be blank (name)", None]
    assert PERSON.missing(pl.DataFrame({"first_name": ["A"]})).to_list() == [None]


def test_a_lens_says_what_it_is_made_of() -> None:
    assert ORDER.fields == ("number", "customer", "order_date", "currency", "status", "lines")
    assert PERSON.columns["address.zip.code"] == "text"
    assert ORDER.columns["won"] == "boolean"
    assert set(ORDER.refs) == {"customer"}
    assert ORDER.lines is not None
    assert ORDER.lines.product == Ref("item", to="products", by="number")
    assert ONE_LINE.sources("lines") == ("item", "quantity", "rebate")
    assert PERSON.lines is None


def test_frames_without_rows_stay_frames() -> None:
    for lens, _ in LENSES.values():
        raw = pl.DataFrame(schema=dict.fromkeys(lens.columns, pl.String))
        values = lens.get(raw)
        assert values.columns == list(lens.fields)
        assert lens.limit(values).equals(values)
        assert lens.put(values).is_empty()
        assert lens.invalid(raw).is_empty()
