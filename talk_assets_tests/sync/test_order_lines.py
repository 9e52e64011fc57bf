"""What an edit of lines says of those that the system left out, or shows otherwise: the pure function."""

from hypothesis import given
from hypothesis import strategies as st

from talk_assets.sync.merge.orderlines import Line, edited

A: Line = {"product": "a", "quantity": "2", "unit_price": "0.3333", "discount": "33.33"}
SHOWN_A: Line = {"product": "a", "quantity": "2", "unit_price": "0.333333", "discount": "33"}
FREE: Line = {"product": "b", "quantity": "0"}
TEXT: Line = {"description": "In the yard"}

LINE = st.fixed_dictionaries(
    {},
    optional={
        "product": st.sampled_from(["a", "b"]),
        "quantity": st.sampled_from(["0", "1", "2.5", "-1"]),
        "unit_price": st.sampled_from(["0.3333", "1"]),
    },
).filter(bool)


def told(line: Line) -> str:
    return str(sorted(line.items()))


def left_out(line: Line) -> bool:
    return line.get("quantity") in {"0", "2.5"}


def rounded(line: Line) -> Line:
    return {**line, "unit_price": "0.33"} if line.get("unit_price") == "0.3333" else line


def shown(sent: list[Line]) -> list[Line | None]:
    return [None if left_out(line) else rounded(line) for line in sent]


def seen(sent: list[Line]) -> list[Line]:
    return [line for line in shown(sent) if line is not None]


def test_only_what_was_edited_of_a_line_is_another() -> None:
    now = [{**SHOWN_A, "quantity": "5"}]
    assert edited(now, [SHOWN_A], [A, FREE, TEXT], [SHOWN_A, None, None]) == [{**A, "quantity": "5"}, FREE, TEXT]


def test_what_is_cleared_is_cleared() -> None:
    now = [{key: value for key, value in SHOWN_A.items() if key != "discount"}]
    assert "discount" not in edited(now, [SHOWN_A], [A], [SHOWN_A])[0]


def test_lines_that_people_put_in_another_order_are_in_that_order() -> None:
    b, c = {"product": "b", "quantity": "1"}, {"product": "c", "quantity": "1"}
    assert edited([c, b], [b, c], [b, FREE, c], [b, None, c]) == [c, b, FREE]


def test_a_new_line_comes_behind_the_one_that_it_was_put_behind() -> None:
    b, c, new = ({"product": name, "quantity": "1"} for name in "bcd")
    assert edited([b, new, c], [b, c], [b, FREE, c], [b, None, c]) == [b, new, FREE, c]


@given(st.lists(LINE, max_size=6))
def test_what_nobody_edited_is_as_it_was_sent(sent: list[Line]) -> None:
    assert edited(seen(sent), seen(sent), sent, shown(sent)) == sent


@given(st.lists(LINE, max_size=6), st.lists(LINE.filter(lambda line: not left_out(line)), max_size=6))
def test_whatever_is_edited_no_line_is_lost_that_was_left_out_and_the_system_shows_what_it_did(
    sent: list[Line], now: list[Line]
) -> None:
    result = edited(now, seen(sent), sent, shown(sent))
    assert [line for line in result if left_out(line)] == [line for line in sent if left_out(line)]
    held = [rounded(line) for line in result if not left_out(line)]
    assert sorted(map(told, held)) == sorted(told(rounded(line)) for line in now)
