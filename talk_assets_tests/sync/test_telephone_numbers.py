"""Most telephone numbers are told by a pattern, and are what the library says one by one."""

import phonenumbers
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from talk_assets.model.lens import telephones

REGIONS = ["NO", "SJ", "DK", "SE", "GB", "IT", "US"]
DIGITS = st.text("0123456789", min_size=4, max_size=11)


@st.composite
def written(draw: st.DrawFn) -> str:
    """A number as somebody may write it, most of them valid in some country."""
    region = draw(st.sampled_from(REGIONS))
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert example is not None
    code, number = f"+{example.country_code}", str(example.national_number)
    digits = draw(st.one_of(DIGITS, st.just(number), DIGITS.map(lambda end: number[:3] + end[: len(number) - 3])))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(1, len(digits)))
        digits = digits[:at] + draw(st.sampled_from(" -./()\u00a0")) + digits[at:]
    return draw(st.sampled_from(["", "", code, f"{code} ", "00", "0", "+", " "])) + digits


@pytest.mark.parametrize("region", REGIONS)
@given(texts=st.lists(written().map(str.strip), min_size=1, max_size=30))
def test_a_number_is_what_it_is_when_looked_up_by_itself(region: str, texts: list[str]) -> None:
    told = pl.select(telephones.phone(pl.lit(pl.Series(texts, dtype=pl.String)), region)).to_series()
    assert told.to_list() == [telephones._e164(text, region) for text in texts]


def test_half_of_the_norwegian_examples_need_no_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def looked_up(text: str, _: str) -> str:
        asked.append(text)
        return text

    monkeypatch.setattr(telephones, "_e164", looked_up)
    column = pl.Series(["91234567", "+47 22 33 44 55", "+46701234567", "12345678"])
    told = pl.select(telephones.phone(pl.lit(column), "NO")).to_series()
    assert told.to_list() == ["+4791234567", "+4722334455", "+46701234567", "12345678"]
    assert sorted(asked) == ["+46701234567", "12345678"]
