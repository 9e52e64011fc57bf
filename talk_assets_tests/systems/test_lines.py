"""Bringing lines in line: as few writes as possible, and every line keeps its identity."""

from hypothesis import given
from hypothesis import strategies as st

from talk_assets.systems.lines import Layout, Line, difference

LAYOUT = Layout("id", "order")
CONTENT = st.fixed_dictionaries(
    {"item": st.sampled_from(["A", "B", "C", ""]), "quantity": st.sampled_from([1, 1.0, 2, 0])},
)


def stored(*items: str) -> list[dict[str, object]]:
    return [{"id": n, "order": n, "item": item, "quantity": 1.0, "note": "kept"} for n, item in enumerate(items, 1)]


def wanted(*items: str) -> list[dict[str, object]]:
    return [{"item": item, "quantity": 1} for item in items]


def test_lines_that_are_as_wanted_are_left_alone() -> None:
    change = difference(LAYOUT, stored("A", "B"), wanted("A", "B"))
    assert (change.changed, change.added, change.removed) == ([], [], [])


def test_removing_the_first_line_removes_that_one_and_touches_no_other() -> None:
    change = difference(LAYOUT, stored("A", "B", "C"), wanted("B", "C"))
    assert (change.changed, change.added, change.removed) == ([], [], ["1"])


def test_a_line_between_two_that_stay_is_that_line_edited() -> None:
    change = difference(LAYOUT, stored("A", "B", "C"), wanted("A", "X", "C"))
    assert [(line["id"], line["item"], line["note"]) for line in change.changed] == [(2, "X", "kept")]
    assert (change.added, change.removed) == ([], [])


def test_a_new_line_at_the_end_is_all_that_is_added() -> None:
    change = difference(LAYOUT, stored("A"), wanted("A", "B"))
    assert change.added == [{"id": 0, "order": 2, "item": "B", "quantity": 1}]
    assert (change.changed, change.removed) == ([], [])


def test_a_line_with_its_id_is_that_line_wherever_it_stands() -> None:
    change = difference(LAYOUT, stored("A", "B"), [{"id": "2", "item": "Z", "quantity": 1}])
    assert [(line["id"], line["item"]) for line in change.changed] == [(2, "Z")]
    assert change.removed == ["1"]


def test_text_that_looks_like_a_number_is_text() -> None:
    assert difference(LAYOUT, stored("7"), wanted("007")).changed


def carried_out(current: list[Line], lines: list[Line]) -> list[Line]:
    change = difference(LAYOUT, current, lines)
    after = {str(line["id"]): line for line in current if str(line["id"]) not in change.removed}
    after |= {str(line["id"]): line for line in change.changed}
    after |= {str(100 + n): {**line, "id": 100 + n} for n, line in enumerate(change.added)}
    return sorted(after.values(), key=lambda line: (int(str(line["order"])), int(str(line["id"]))))


@given(st.lists(st.tuples(CONTENT, st.integers(0, 3))), st.lists(CONTENT))
def test_whatever_is_stored_the_result_is_what_was_wanted_in_its_order(
    before: list[tuple[Line, int]], lines: list[Line]
) -> None:
    current: list[Line] = [{**line, "id": n, "order": order} for n, (line, order) in enumerate(before, 1)]
    after = carried_out(current, lines)
    assert [(line["item"], line["quantity"]) for line in after] == [(line["item"], line["quantity"]) for line in lines]
    again = difference(LAYOUT, after, lines)
    assert (again.changed, again.added, again.removed) == ([], [], [])
