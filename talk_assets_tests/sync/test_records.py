"""From the bytes of a page to a frame: nothing lost, nothing changed, and what cannot be used set aside."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from talk_assets.errors import NotTheApi
from talk_assets.jsonframes import jsonarrays, jsontext
from talk_assets.model.collection import Collection, Part, declared
from talk_assets.model.entities import person
from talk_assets.model.lens.lens import Date, Email, Instant, Lens, Ref, Text
from talk_assets.sync.read.records import ours, parse

PERSONS = Collection(
    name="persons",
    entity=person,
    id="Id",
    modified=Instant("UpdatedAt"),
    version="Version",
    deleted="Deleted",
    reference="Custom15",
    ignore=("RowNumber", "Password"),
    lens=Lens(
        first_name=Text("FirstName"),
        email=Email("Email"),
        birth_date=Date("Birthday"),
        company=Ref("CompanyId", to="companies", wire="integer"),
        city=Text("Address.City"),
        postal_code=Text("Address.Zip.Code"),
    ),
)

characters = st.text(st.characters(codec="utf-8"), max_size=12)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | characters
    | st.sampled_from(["C:\\new", "a\\", '{"a', "[x", "{}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(characters, inner, max_size=3),
    max_leaves=6,
)
names = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=6).filter(
    lambda n: n.lower() != "id"
)


def page(*records: object) -> bytes:
    return json.dumps(records).encode()


def one(**properties: object) -> dict[str, Any]:
    return parse(PERSONS, page({"Id": 1, **properties})).records.row(0, named=True)


@settings(max_examples=40)
@example(records=[{"0": False}, {"0": []}], ascii_only=False)
@given(records=st.lists(st.dictionaries(names, values, max_size=4), max_size=4), ascii_only=st.booleans())
def test_a_record_comes_out_as_it_went_in(records: list[dict[str, Any]], ascii_only: bool) -> None:  # noqa: FBT001 -- drawn
    sent = [{"Id": i, **record} for i, record in enumerate(records)]
    plain = Collection(name="any", entity=person, id="Id", lens=Lens(first_name=Text("FirstName")))
    parsed = parse(plain, json.dumps(sent, ensure_ascii=ascii_only, indent=1).encode())
    assert [json.loads(text) for text in parsed.records["_record"]] == sent
    assert parsed.records["_id"].to_list() == [str(i) for i in range(len(sent))]


ignored = st.sampled_from(["Password", "pASSword", "RowNumber", "FirstName", "Other"])
members = st.dictionaries(
    ignored | names, values | st.sampled_from(["x", ',"Password":1', [{"Password": 1}]]), max_size=5
)


@settings(max_examples=50)
@example(records=[{"A": 1}, {"B": None}, {"B": None, "C": 2}, {"A": {"B": 1}, "D": '":'}], separators=(",", ":"))
@example(records=[{}, {"pASSword": None}], separators=(",", ":"))
@example(records=[{"Other": 1}, {"pASSword": None}], separators=(",", ":"))
@example(records=[{"Password": []}], separators=(" , ", " : "))
@example(records=[{"Password": "x", "FirstName": "x"}], separators=(" , ", " : "))
@example(records=[{"Password": {"Other": 1}, "Other": 2}], separators=(", ", ": "))
@given(records=st.lists(members, min_size=1, max_size=4), separators=st.sampled_from([(",", ":"), (" , ", " : ")]))
def test_what_is_ignored_is_left_out_and_everything_else_stays(
    records: list[dict[str, Any]], separators: tuple[str, str]
) -> None:
    sent = [{"Id": i, **record} for i, record in enumerate(records)]
    parsed = parse(PERSONS, json.dumps(sent, separators=separators).encode())
    kept = [{n: v for n, v in record.items() if n.lower() not in {"rownumber", "password"}} for record in sent]
    assert [json.loads(text) for text in parsed.records.sort("_id")["_record"]] == kept
    known = {"Id", "FirstName", "RowNumber"}
    assert parsed.unknown >= {name for one in kept for name, value in one.items() if value is not None} - known


flat_members = st.dictionaries(
    ignored | st.sampled_from(["A", "B"]), st.sampled_from(["x", 'a "Password":1', "a\\", 1, None, ["y"]]), max_size=4
)


@settings(max_examples=80)
@example(records=[{"Other": 1}, {"pASSword": "hush"}], separators=(",", ":"))
@example(records=[{"Password": "hush"}, {"pASSword": None}], separators=(",", ":"))
@example(records=[{"Password": "hush", "Other": 1}, {"Other": 1, "Password": "hush"}], separators=(", ", ": "))
@given(records=st.lists(flat_members, min_size=1, max_size=3), separators=st.sampled_from([(",", ":"), (", ", ": ")]))
def test_what_is_ignored_is_left_out_of_flat_records_that_are_alike(
    records: list[dict[str, Any]], separators: tuple[str, str]
) -> None:
    collection = Collection(
        name="c", entity=person, id="Id", lens=Lens(first_name=Text("Id")), ignore=("RowNumber", "Password")
    )
    sent = [{"Id": i, **record} for i, record in enumerate(records)]
    parsed = parse(collection, json.dumps(sent, separators=separators).encode())
    kept = [{n: v for n, v in record.items() if n.lower() not in {"rownumber", "password"}} for record in sent]
    assert [json.loads(text) for text in parsed.records.sort("_id")["_record"]] == kept


few = st.dictionaries(
    st.sampled_from("ABCab"), values | st.sampled_from(["x", "\ud83d"]), min_size=1, max_size=4
).filter(lambda record: len({name.lower() for name in record}) == len(record))
"""Names of one record differ in more than their case, as those of every API do; two records may spell them unlike."""


@settings(max_examples=50)
@example(records=[{"A": "\ud83d", "B": "x"}], needed={"a"}, ascii_only=True)
@example(records=[{"A": "x", "B": 1}, {"A": "y", "C": 1}], needed={"a", "b"}, ascii_only=True)
@example(records=[{"A": "x", "B": 1}, {"a": "y", "B": 1}], needed={"a"}, ascii_only=True)
@example(records=[{"A": "x", "B": ["\n"]}, {"A": "y", "B": 1}], needed={"a", "b"}, ascii_only=False)
@given(records=st.lists(few, min_size=1, max_size=3), needed=st.sets(st.sampled_from("abc")), ascii_only=st.booleans())
def test_what_is_needed_reads_the_same_whatever_else_is_read(
    records: list[dict[str, Any]],
    needed: set[str],
    ascii_only: bool,  # noqa: FBT001 -- drawn
) -> None:
    texts = [json.dumps(one, ensure_ascii=ascii_only).encode(errors="replace").decode() for one in records]
    every = jsontext.taken_apart(pl.Series(texts))
    try:
        some = jsonarrays.told_apart(f"[{','.join(texts)}]".encode(), needed, ())
    except pl.exceptions.ComputeError:
        return
    for name in needed:
        both = (jsontext.pick(found.columns, [name], len(records)) for found in (every, some))
        assert next(both).equals(next(both))


@settings(max_examples=40)
@given(
    texts=st.lists(characters | st.sampled_from(["\\", '\\"', "\\n", '"', "\t\x1f", '{"a":1}']), min_size=1, max_size=4)
)
def test_text_is_verbatim_on_every_level(texts: list[str]) -> None:
    parsed = parse(
        PERSONS,
        page(*({"Id": i, "FirstName": t, "Address": {"City": t, "Zip": {"Code": t}}} for i, t in enumerate(texts))),
    )
    for column in ("FirstName", "Address.City", "Address.Zip.Code"):
        assert parsed.records[column].to_list() == texts


@settings(max_examples=40)
@given(items=st.lists(values, max_size=5))
def test_a_list_comes_apart_into_its_objects(items: list[Any]) -> None:
    found = jsontext.elements(pl.Series([json.dumps(items), "[]", None, "[no list", "x"]))
    objects = found.filter(jsontext.is_object(pl.col("element")))["element"]
    assert found["row"].unique().to_list() in ([0], [])
    assert [json.loads(text) for text in objects if json.loads(text)] == [
        item for item in items if isinstance(item, dict) and item
    ]


@given(text=characters | st.sampled_from(["\\", '\\"', "\x00\x1f"]))
def test_a_quoted_text_is_json(text: str) -> None:
    quoted = pl.DataFrame({"t": [text]}).select(jsontext.quoted(pl.col("t"))).item()
    assert json.loads(quoted) == text


def test_declared_properties_are_columns_of_text() -> None:
    row = one(FirstName="Ås", CompanyId=7, Address={"City": "Bø", "Zip": {"Code": 123}}, Birthday=None)
    assert row["FirstName"] == "Ås"
    assert row["CompanyId"] == "7"
    assert row["Address.City"] == "Bø"
    assert row["Address.Zip.Code"] == "123"
    assert row["Birthday"] is None
    assert set(declared(PERSONS)) < set(row)


def test_names_match_whatever_their_case() -> None:
    body = page(
        {"id": 1, "firstname": "A", "address": {"city": "X"}}, {"Id": 2, "FirstName": "B", "Address": {"CITY": "Y"}}
    )
    assert parse(PERSONS, body).records.select("_id", "FirstName", "Address.City").rows() == [
        ("1", "A", "X"),
        ("2", "B", "Y"),
    ]


def test_what_the_hub_wants_to_know_of_a_record() -> None:
    row = one(UpdatedAt="2024-05-17T08:30:00+02:00", Version=3, Custom15="e1")
    assert (row["_id"], row["_etag"], row["_ref"], row["_deleted"]) == ("1", "3", "e1", False)
    assert row["_modified"] == datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
    bare = one(Custom15="", Deleted=True)
    assert (bare["_etag"], bare["_ref"], bare["_modified"], bare["_deleted"]) == (None, None, None, True)


def test_the_record_keeps_its_types_and_leaves_out_what_is_ignored() -> None:
    row = one(CompanyId=7, FirstName="7", Odd=[1, "2"], Price=1.5, Flag=True, Password="censored", RowNumber=3)
    record = {"Id": 1, "CompanyId": 7, "FirstName": "7", "Odd": [1, "2"], "Price": 1.5, "Flag": True}
    assert json.loads(row["_record"]) == record
    assert "censored" not in str(row)


def test_what_a_record_says_tells_edits_from_noise() -> None:
    def hashes(*records: dict[str, Any]) -> list[int]:
        return jsontext.said(parse(PERSONS, page(*records)).records.sort("_id")["_record"]).to_list()

    a, b = {"Id": 1, "FirstName": "A", "Other": 1}, {"Id": 2, "Address": {"City": "X"}, "More": None}
    first, second = hashes(a, b)
    assert hashes(b, a) == [first, second]
    assert hashes(a) == [first]
    assert hashes({"Other": 1, "FirstName": "A", "Id": 1, "Email": None, "RowNumber": 9}) == [first]
    assert hashes({"ID": 1, "other": 1, "firstName": "A"}) == [first]
    assert hashes(a | {"FirstName": "B"}) != [first]
    assert hashes(a | {"Other": 2}) != [first]
    assert hashes({"Id": 1, "FirstName": 1, "Other": "A"}) != [first]
    assert first != second


@pytest.mark.parametrize("spaces", ["", " ", "  ", "\t"])
def test_what_is_ignored_is_left_out_wherever_a_page_has_spaces(spaces: str) -> None:
    first = f'{{"Id":1,"RowNumber":1,"Address":{{"City"{spaces}:"Oslo"}}}}'
    second = '{"Id":2,"RowNumber":2,"Address":null,"Password":"hush"}'
    third = f'{{"Id":3,"RowNumber":3,"Address":null,"Password"{spaces}:"hush"}}'
    for later in (second, third):
        records = parse(PERSONS, f"[{first},{later}]".encode()).records["_record"]
        assert "hush" not in "".join(records)


def test_properties_that_nobody_declared_are_reported() -> None:
    assert parse(PERSONS, page({"Id": 1, "New": 1, "RowNumber": 1, "address": {}})).unknown == {"New"}


def test_a_part_is_a_column_even_though_it_never_comes() -> None:
    orders = Collection(
        name="o", entity=person, id="Id", lens=PERSONS.lens, parts=(Part("Lines", "lines", "OrderId", ("Id",)),)
    )
    assert parse(orders, page({"Id": 1})).records["Lines"].to_list() == [None]


def test_what_cannot_be_used_is_set_aside_and_the_rest_goes_on() -> None:
    records = [
        {"Id": 1, "Birthday": "31.31.2020"},
        {"FirstName": "no id"},
        {"Id": "  "},
        {"Id": 4, "UpdatedAt": "soon"},
        {"Id": 5, "FirstName": "earlier"},
        {"Id": 5, "FirstName": "later"},
        {"Id": 6, "CompanyId": "x"},
        "text",
        None,
        [1],
        7,
        {"Id": 7},
    ]
    parsed = parse(PERSONS, page(*records))
    assert parsed.records.select("_id", "FirstName", "_invalid").rows() == [
        ("1", None, "|Birthday|"), ("5", "later", None), ("6", None, "|CompanyId|"), ("7", None, None),
    ]  # fmt: skip
    assert parsed.values["reason"].to_list() == [
        "Birthday is '31.31.2020'; it should be a date, as 2024-05-17",
        "CompanyId is 'x'; it should be the id of a record of companies, a whole number",
    ]
    assert parsed.invalid.columns == ["_id", "property", "found", "reason"]
    assert sorted(parsed.invalid["reason"].to_list()) == [
        "Id is '  '; it should be the record's id",
        "Id is '5'; it should be on one record of a page; the last one is used",
        "Id is not there; it should be the record's id",
        "UpdatedAt is 'soon'; it should be a date and time, as 2024-05-17T08:30:00+02:00",
        "an item of the page is '7'; it should be a JSON object",
        "an item of the page is '[1]'; it should be a JSON object",
        "an item of the page is 'text'; it should be a JSON object",
        "an item of the page is not there; it should be a JSON object",
    ]


def test_an_object_where_text_was_nested_is_no_reason_to_stop() -> None:
    body = page({"Id": 1, "Address": '{"City'}, {"Id": 2, "Address": ["x"]}, {"Id": 3, "Address": {"City": "Z"}})
    assert parse(PERSONS, body).records["Address.City"].to_list() == [None, None, "Z"]


def test_an_empty_page_has_every_column_in_its_type() -> None:
    empty, full = parse(PERSONS, b"[]"), parse(PERSONS, page({"Id": 1}))
    assert empty.records.schema == full.records.schema
    assert empty.invalid.schema == full.invalid.schema
    assert empty.records.is_empty()
    assert parse(PERSONS, b" [{}] ").records.is_empty()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"<html><body>Log in</body></html>", "'<html><body>Log in</body></html>'"),
        (b"", "nothing"),
        (b'{"Message":"throttled"}', '\'{"Message":"throttled"}\''),
        (b'[{"Id":1},{"Id', '\'[{"Id":1},{"Id\''),
        (b'[{"Id":[1]', "'[{\"Id\":[1]'"),
        (b'[{"Id":\xff}]', "'[{\"Id\":\ufffd}]'"),
        (b"[" + b"x" * 100 + b"]", f"'[{'x' * 59}'…"),
    ],
)
def test_what_is_no_array_of_records_is_not_the_api(body: bytes, found: str) -> None:
    with pytest.raises(NotTheApi) as error:
        parse(PERSONS, body)
    assert str(error.value) == f"persons: the answer is {found}; it should be a JSON array of objects"


def test_ten_thousand_records_are_parsed_quickly() -> None:
    record = {f"Custom{i}": f'v "{i}" å' for i in range(15)} | {
        "FirstName": "Åse",
        "CompanyId": 7,
        "Address": {"City": "Oslo"},
    }
    body = json.dumps([{"Id": i, **record} for i in range(10_000)]).encode()
    started = time.process_time()
    assert parse(PERSONS, body).records.height == 10_000
    assert time.process_time() - started < 5


def test_a_record_that_is_blank_all_over_is_ours_and_one_of_another_schema_is_not() -> None:
    """Although what is ignored is left out of a record, and nulls with it."""
    blank = {"Id": 1, "FirstName": None, "Email": None, "Birthday": None, "CompanyId": None, "Password": "x"}
    assert ours("a/persons", PERSONS, parse(PERSONS, page(blank))).records["_id"].to_list() == ["1"]
    other = {"Id": 2, "Sku": "4", "Password": "x"}
    mixed = ours("a/persons", PERSONS, parse(PERSONS, page(blank, other)))
    assert (mixed.records["_id"].to_list(), mixed.invalid["_id"].to_list()) == (["1"], ["2"])
    with pytest.raises(NotTheApi, match="1 of 1 records are none of this collection"):
        ours("a/persons", PERSONS, parse(PERSONS, page(other)))
