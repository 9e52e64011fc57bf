"""Telephone numbers to E.164, each in the country of its record.

Most numbers are of the plan of one country, and its pattern finds them; only the others are looked up one by one.
"""

from functools import lru_cache

import polars as pl

from talk_assets.model.lens.texts import Clean

NOWHERE = "ZZ"
"""The region of a number whose country is none that numbers are known of: only one with a country's code is read."""


def phone(text: pl.Expr, region: str) -> pl.Expr:
    """Return E.164 where the text is a valid number, seen from `region`, and nothing but a number; else the text."""
    return text.map_batches(lambda column: _phones(column, region), return_dtype=pl.String)


def phone_in(text: pl.Expr, country: pl.Expr, code: Clean, region: str) -> pl.Expr:
    """Return what `phone` does, each number seen from its own country, or from `region` where there is none.

    `code` gives the codes of countries as `country` writes them.
    """
    pair = pl.struct(text.alias("text"), country.alias("country"))
    return pair.map_batches(lambda pairs: _in_countries(pairs, code, region), return_dtype=pl.String)


def _in_countries(pairs: pl.Series, code: Clean, region: str) -> pl.Series:
    texts, countries = pairs.struct.field("text"), pairs.struct.field("country")
    spelled = countries.unique()
    regions = [_region(found, region) for found in code(spelled)]
    if len(set(regions)) == 1:
        return _phones(texts, regions[0])
    of_each = pl.DataFrame({"country": spelled, "region": regions})
    rows = (
        countries.alias("country")
        .to_frame()
        .join(of_each, on="country", how="left", nulls_equal=True, maintain_order="left")
    )
    found = texts.clone()
    for one in set(regions):
        here = rows["region"] == one
        found = found.scatter(here.arg_true(), _phones(texts.filter(here), one))
    return found


def _region(country: str | None, region: str) -> str:
    import phonenumbers  # noqa: PLC0415 -- as below

    if country is None:
        return region
    return country if country in phonenumbers.SUPPORTED_REGIONS else NOWHERE


def _phones(column: pl.Series, region: str) -> pl.Series:
    likely = column.str.contains(r"^[+0-9][0-9\s().\-/\u00a0]+$").fill_null(value=False)
    if not likely.any():
        return column
    plain = _plain(column, region).set(~likely, None)
    others = column.filter(likely & plain.is_null()).unique()
    known = pl.Series([_e164(number, region) for number in others], dtype=pl.String)
    return plain.fill_null(column.replace(others, known))


def _plain(column: pl.Series, region: str) -> pl.Series:
    """E.164 of the region's own numbers, as most are: eighty times as fast as asking for each; null for all others."""
    code, valid = _own(region)
    digits = column.str.replace_all(r"[\s().\-/\u00a0]", "").str.strip_prefix(code)
    return (code + digits).set(~(digits.str.contains(valid) & digits.str.contains("^[1-9]")), None)


@lru_cache(maxsize=250)
def _own(region: str) -> tuple[str, str]:
    """Return the region's code and the pattern of its valid numbers: of none where a prefix comes off first."""
    from phonenumbers import PhoneMetadata  # noqa: PLC0415 -- as below

    found = PhoneMetadata.metadata_for_region(region)
    if found is None or found.national_prefix_for_parsing:
        return "+", "$^"
    kinds = (
        found.fixed_line, found.mobile, found.toll_free, found.premium_rate, found.shared_cost, found.personal_number,
        found.voip, found.pager, found.uan, found.voicemail,
    )  # fmt: skip
    patterns = [one.national_number_pattern for one in kinds if one and one.national_number_pattern]
    return f"+{found.country_code}", f"^(?:{'|'.join(patterns)})$"


@lru_cache(maxsize=10_000)
def _e164(text: str, region: str) -> str:
    import phonenumbers  # noqa: PLC0415 -- loading the metadata takes a while, and most commands read no telephone number

    given = f"+{text[2:]}" if region == NOWHERE and text.startswith("00") else text
    try:
        number = phonenumbers.parse(given, region)
    except phonenumbers.NumberParseException:
        return text
    if number.extension or not phonenumbers.is_valid_number(number):
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
