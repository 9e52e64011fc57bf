"""Bodies are looked into, not taken apart."""

import json

import pytest

from talk_assets.errors import NotTheApi
from talk_assets.http import bodies
from talk_assets.http.connection import nested


def test_a_column_is_as_long_as_the_page() -> None:
    body = json.dumps([{"a": "1", "x": {"a": "no"}}, {"b": 2}, {"a": None}, {"a": 7}], indent=2).encode()
    assert bodies.column(body, "a", "demo").to_list() == ["1", None, None, "7"]
    assert bodies.column(b" [] ", "a", "demo").to_list() == []


@pytest.mark.parametrize("body", [b"<html>", b'{"a": 1}', b'[{"a": 1}', b"", b"[1]]"])
def test_anything_but_a_list_of_records_is_not_the_api(body: bytes) -> None:
    with pytest.raises(NotTheApi, match="demo: found"):
        bodies.column(body, "a", "demo")


def test_an_envelope_is_opened_without_its_items() -> None:
    body = b'{"items": [{"id": "a", "n": {"x": [1]}}],\n "next_cursor": "abc", "has_more": true, "other": 1}'
    found = bodies.members(body, ("items", "next_cursor", "has_more", "absent"), "demo")
    assert json.loads(found["items"] or "") == [{"id": "a", "n": {"x": [1]}}]
    assert (found["next_cursor"], found["has_more"], found["absent"]) == ("abc", "true", None)


def test_texts_with_quotes_line_breaks_and_backslashes_come_out_of_an_envelope_as_they_were() -> None:
    records = [{"a": 'x\ny "q" \\ z ø\x01', "n": {"b": "t\tq\\"}}]
    body = json.dumps({"items": records, "next_cursor": 'a"b\\c'}).encode()
    found = bodies.members(body, ("items", "next_cursor"), "demo")
    assert json.loads(found["items"] or "") == records
    assert found["next_cursor"] == 'a"b\\c'


def test_lists_and_objects_are_joined_to_one_list() -> None:
    joined = bodies.join([b"[]", b' [{"a":1},{"a":2}] ', b"", b'{"a":3}'])
    assert json.loads(joined) == [{"a": 1}, {"a": 2}, {"a": 3}]


def test_dotted_names_become_objects() -> None:
    assert nested({"a": 1, "b.c": 2, "b.d.e": 3}) == {"a": 1, "b": {"c": 2, "d": {"e": 3}}}
    with pytest.raises(TypeError, match="written as a whole"):
        nested({"b": "text", "b.c": 2})
