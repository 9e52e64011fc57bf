"""Countries are read however people spell them, and never taken for another."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from talk_assets.model.lens import countries
from talk_assets.model.lens.lens import Country, Lens
from talk_assets_tests.sync.test_lens import got, put


@given(st.sampled_from(sorted(countries._names())), st.sampled_from(["en", "nb", "sv", "da", "de"]), st.data())
def test_a_country_is_read_by_its_name_in_any_case_and_form(code: str, language: str, data: st.DataObject) -> None:
    name = countries._territories(language)[code]
    form = data.draw(st.sampled_from([str.upper, str.lower, lambda text: text.replace("&", "and"), " {} ".format]))
    assert got(Country("c"), form(name)) == [code]


@pytest.mark.parametrize("text", ["Ruritania", "QQ", "EU", "ZZ", "Noreweg", "Yugoslavia", "-", "Georgia USA"])
def test_what_is_no_country_stays_the_text_and_has_no_code(text: str) -> None:
    assert got(Country("c"), text) == [text]
    assert put(Lens(country=Country("c")), country=text) == {}
    assert put(Lens(country=Country("c", wire="name")), country=text) == {"c": text}


def test_reading_no_countries_does_not_load_their_names() -> None:
    script = "import sys, talk_assets.systems; sys.exit('babel' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0  # noqa: S603 -- our own
