"""Text that fits the width: no record and no command is broken, and nothing is cut."""

import re

import pytest

from talk_assets.cli import layout

RECORD = "customerp/contact/01937a5d-fc00-7000-8000-010000000000"


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_a_record_is_never_broken_and_stands_alone_where_it_is_wider_than_the_line() -> None:
    wide = f"powerofficego/salesorderlines/{'0' * 36}/{'1' * 36}"
    assert layout.wrapped(f"set by {RECORD} yesterday") == ["set by", RECORD, "yesterday"]
    assert layout.wrapped(f"set by {wide}") == ["set by", wide]


def test_a_word_that_is_no_record_is_broken_and_all_of_it_is_there() -> None:
    lines = layout.wrapped("x" * 150, first="  ", indent="    ")
    assert max(map(len, lines)) <= 60
    assert "".join(line.strip() for line in lines) == "x" * 150


def test_line_breaks_and_what_a_terminal_would_obey_are_shown_on_one_line() -> None:
    assert layout.wrapped("Storgata 1\n2. etasje\x1b[31m") == ["Storgata 1 / 2. etasje [31m"]
    assert layout.wrapped("") == [""]


def test_a_date_and_its_time_stay_together() -> None:
    text = f"{'word ' * 10}set 2026-11-30 09:17:46"
    assert layout.wrapped(text)[-1] == "set 2026-11-30 09:17:46"


def test_a_long_command_goes_on_after_a_backslash(capsys: pytest.CaptureFixture[str]) -> None:
    command = f"talk link webcrm/organisations/21 {RECORD}"
    layout.say_command(command, indent="  ")
    lines = printed(capsys)
    assert lines == ["  talk link webcrm/organisations/21 \\", f"    {RECORD}"]
    assert " ".join(re.sub(r"\\\n", "", "\n".join(lines)).split()) == command


def test_a_name_comes_before_its_record_on_one_line_or_two(capsys: pytest.CaptureFixture[str]) -> None:
    layout.say_name("Anna", "crm/people/1", first="1  ", indent="   ")
    layout.say_name("Anna", RECORD, first="1  ", indent="   ")
    layout.say_name(None, RECORD, first="1  ", indent="   ")
    assert printed(capsys) == ["1  Anna  crm/people/1", "1  Anna", f"   {RECORD}", f"1  {RECORD}"]


def test_values_are_compared_in_a_table_if_it_fits_else_in_a_block_per_field(
    capsys: pytest.CaptureFixture[str],
) -> None:
    layout.compare(["this record", "A"], [("name", ["Anna", None]), ("phone", [None, None])])
    long = "a description that takes nearly all of the line by itself"
    layout.compare(["this record", "A"], [("name", [long, None]), ("city", ["Oslo", "Oslo"])])
    assert printed(capsys) == [
        "field  this record  A",
        "name   Anna         (blank)",
        "name",
        "  this record  a description that takes nearly all of the",
        "               line by itself",
        "  A            (blank)",
        "city  Oslo (the same in all)",
    ]


def test_what_is_not_shown_is_counted_with_the_command_that_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    layout.more(1500, 50, "creates", "talk sync --plan --json")
    layout.more(50, 50, "creates", "talk sync --plan --json")
    assert " ".join(printed(capsys)) == "... and 1,450 more creates. To see all of them: talk sync --plan --json"
