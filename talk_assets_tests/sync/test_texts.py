"""Texts in their one spelling, under generated ones."""

import unicodedata

import polars as pl
import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from talk_assets.model.lens import texts
from talk_assets.model.lens.texts import Unit

ODD = "\0\x1f\x85\xa0\xad\u0301\u030a\u0338\u061c\u200b\u200c\u200d\u200e\u2009\u2028\u2060\u3000\ufeff \t\r\n"
SHOWN = st.text(st.sampled_from(f"{ODD}aåØO한ไนक👩é") | st.characters(codec="utf-8"), max_size=30)


def line(text: str) -> str:
    """A text in one line."""
    found: str = pl.select(texts.line(pl.lit(text))).item()
    return found


def lines(text: str) -> str:
    """A text in lines."""
    found: str = pl.select(texts.lines(pl.lit(text))).item()
    return found


@given(SHOWN)
def test_what_is_clean_stays_as_it_is(text: str) -> None:
    assert line(line(text)) == line(text)
    assert lines(lines(text)) == lines(text)
    assert line(lines(text)) == line(text)


@given(SHOWN)
def test_a_text_is_composed_and_has_nothing_that_nobody_sees(text: str) -> None:
    found = line(text)
    assert unicodedata.is_normalized("NFC", found)
    assert not set(found) & {*ODD} - set(" \u0301\u030a\u0338\u200c\u200d")
    assert "  " not in found
    assert not any(unicodedata.category(one) == "Cc" for one in found)
    assert not any(unicodedata.category(one) == "Cc" for one in lines(text).replace("\n", "").replace("\t", ""))


@given(SHOWN)
def test_the_normal_form_makes_no_difference(text: str) -> None:
    assert line(unicodedata.normalize("NFD", text)) == line(text)
    assert lines(unicodedata.normalize("NFD", text)) == lines(text)


@given(st.text("abcæøåÆØÅ 'é.-", max_size=30), st.data())
def test_what_nobody_sees_makes_no_difference(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    seen = data.draw(st.sampled_from("\0\xad\u200b\u200c\u200d\u2060\ufeff"))
    assert line(text[:at] + seen + text[at:]) == line(text)
    assert line(text.replace(" ", data.draw(st.sampled_from(["\xa0", "  ", "\t", "\u2009 ", "\r\n"])))) == line(text)


def test_joiners_stay_where_they_shape_something() -> None:
    family, persian = "👨\u200d👩\u200d👧", "\u0645\u06cc\u200c\u062e\u0648"
    assert (line(family), line(persian)) == (family, persian)
    assert line(f"\u200d{family}\u200d") == family
    assert line("an\u200dna") == "anna"


def test_line_breaks_are_line_feeds_in_several_lines_and_blanks_in_one() -> None:
    text = " a\r\nb\rc\u2028d\u0085e  f\tg "
    assert lines(text) == "a\nb\nc\nd\ne  f\tg"
    assert line(text) == "a b c d e f g"


PICTURES = ["👨\u200d👩\u200d👧", "🇳🇴", "👍🏽", "e\u0323\u0301", "é", "a", " ", "ß", "각", "न\u093f", "1\ufe0f\u20e3"]


def cut(text: str, longest: int, unit: Unit) -> str:
    """The beginning of a text that an API keeps."""
    found: str = pl.select(texts.cut(pl.lit(text), longest, unit)).item()
    return found


@pytest.mark.parametrize("unit", ["character", "utf-16"])
@given(st.lists(st.sampled_from(PICTURES)).map("".join) | SHOWN, st.integers(1, 20))
@example("\x1f0", 1)
def test_a_text_is_cut_between_what_people_see_as_characters(unit: Unit, text: str, longest: int) -> None:
    short = cut(text, longest, unit)
    assert cut(short, longest, unit) == short
    assert texts.length(short, unit) <= longest
    assert text.startswith(short)
    parts = regex.findall(r"\X", text)
    if texts.length(text, unit) <= longest:
        assert short == text
    elif texts.length(parts[0], unit) <= longest:
        whole = ["".join(parts[:n]) for n in range(len(parts) + 1)]
        fit = [one for one in whole if texts.length(one, unit) <= longest]
        assert short == regex.sub(r"\p{White_Space}+\Z", "", fit[-1])


def test_an_emoji_takes_two_units_of_utf_16() -> None:
    assert cut("Skrue 🔩🔩", 8, "character") == "Skrue 🔩🔩"
    assert cut("Skrue 🔩🔩", 9, "utf-16") == "Skrue 🔩"
    assert cut("Skrue 🔩🔩", 7, "utf-16") == "Skrue"
