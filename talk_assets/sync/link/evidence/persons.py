"""Persons: names that are written, shortened, swapped or changed, birth dates, and how they are reached."""

from talk_assets.sync.link.evidence.model import NULL, Comparison, Frequent, Key, Model, equal, folded

OFFICES = "info|post|kontor|office|resepsjon|mail|kontakt|firma|sales|salg|hello|hei|admin|support|kundeservice|service"
"""Whose e-mail is nobody's own."""


def _near(column: str, letters: int) -> str:
    """At most so many letters were changed, also where only one of both writes a letter as two."""
    digraphs = ("", "oe", "ae", "aa")
    return " OR ".join(
        f"damerau_levenshtein({_without('l', column, one)}, {_without('r', column, one)}) <= {letters}"
        for one in digraphs
    )


def _without(side: str, column: str, digraph: str) -> str:
    return f"replace({side}.{column}, '{digraph}', '{digraph[0]}')" if digraph else f"{side}.{column}"


def _alike(column: str, least: float) -> str:
    return f"jaro_winkler_similarity(l.{column}, r.{column}) >= {least}"


def _crossed(least: float) -> str:
    """The first name of each is about the last name of the other."""
    return " AND ".join(
        f"jaro_winkler_similarity({one}.given, {other}.family) >= {least}" for one, other in (("l", "r"), ("r", "l"))
    )


GIVEN = {
    **equal("given"),
    "swapped": "l.given = r.family AND l.family = r.given",
    "initial": "least(len(l.given), len(r.given)) = 1 AND l.given[1] = r.given[1]",
    "middle name": "starts_with(l.given, r.given || ' ') OR starts_with(r.given, l.given || ' ')",
    "one letter": _near("given", 1),
    "two letters": "damerau_levenshtein(l.given, r.given) = 2 AND least(len(l.given), len(r.given)) >= 5",
    "nearly swapped": _crossed(0.85),
    "partly swapped": "l.given = r.family OR l.family = r.given",
    "begins alike": "l.given[:3] = r.given[:3]",
    "alike": _alike("given", 0.85),
}
FAMILY = {
    NULL: "l.family IS NULL OR r.family IS NULL OR l.given = r.family OR l.family = r.given"
    f" OR (l.given IS NOT NULL AND r.given IS NOT NULL AND {_alike('given', 0.85)} IS FALSE AND {_crossed(0.85)})",
    "same": "l.family = r.family",
    "one letter": _near("family", 1),
    "two letters": "damerau_levenshtein(l.family, r.family) = 2 AND least(len(l.family), len(r.family)) >= 4",
    "part": "list_has_any(string_split(l.family, ' '), string_split(r.family, ' '))",
    "alike": _alike("family", 0.85),
}
BIRTH_DATE = equal(
    "birth_date",
    {
        "one digit": "damerau_levenshtein(l.birth_date, r.birth_date) = 1",
        "day and month": "l.year = r.year AND l.birth_date[6:7] = r.birth_date[9:10]"
        " AND l.birth_date[9:10] = r.birth_date[6:7]",
        "two digits": "damerau_levenshtein(l.birth_date, r.birth_date) = 2 AND abs(l.year - r.year) < 15",
        "part": "l.birth_date[:7] = r.birth_date[:7] OR l.birth_date[5:] = r.birth_date[5:]",
        "a generation": "abs(l.year - r.year) >= 15",
    },
)
EMAIL = {
    NULL: "l.email IS NULL OR r.email IS NULL",
    "office": f"l.email = r.email AND regexp_full_match(l.local, '{OFFICES}')",
    "same": "l.email = r.email",
    "local part": "l.local = r.local",
    "one letter": "damerau_levenshtein(l.email, r.email) = 1",
    "domain": "l.domain = r.domain",
}
TELEPHONE = {
    NULL: "len(l.phones) = 0 OR len(r.phones) = 0",
    "mobile": "l.mobile = r.mobile",
    "same": "list_has_any(l.phones, r.phones)",
}
SHARED = "list_intersect(l.road_words, r.road_words)"
STREET = equal(
    "road",
    {
        "other order": "l.road_words = r.road_words",
        "two letters": "damerau_levenshtein(l.road, r.road) <= 2 AND least(len(l.road), len(r.road)) >= 5",
        "number and word": f"len({SHARED}) >= 2 AND len(list_filter({SHARED}, x -> regexp_matches(x, '[0-9]'))) > 0",
        "alike": _alike("road", 0.88),
        "words in common": f"len({SHARED}) >= 2",
        "a word in common": f"len(list_filter({SHARED}, x -> len(x) >= 4)) >= 1",
    },
)
POSTAL_CODE = equal("postal_code", {"one digit": "damerau_levenshtein(l.postal_code, r.postal_code) = 1"})
CITY = equal(
    "town", {"two letters": "damerau_levenshtein(l.town, r.town) <= 2 AND least(len(l.town), len(r.town)) >= 5"}
)

_KNOWN = " OR ".join(
    f"(l.{column} IS NOT NULL AND r.{column} IS NOT NULL)" for column in ("birth_date", "email", "road", "postal_code")
)
BESIDE = {NULL: f"{_KNOWN} OR (len(l.phones) > 0 AND len(r.phones) > 0)", "nothing": "true"}
"""A name alone matches nothing: there must be something else that both have."""

PERSON = Model(
    "person",
    plain={
        "given": "lower(first_name)", "family": "lower(last_name)", "road": "lower(street)", "place": "postal_code",
        "way": "nullif(ltrim(lower(street), '0123456789 '), '')",
        "born": "birth_date", "mail": "lower(email)", "fixed": "phone", "cell": "mobile",
    },
    keys={
        "email": Key(("mail",), loose=False),
        "phone": Key(("fixed",), against="mobile"),
        "mobile": Key(("cell",), against="phone"),
        "born": Key(("born",)),
        "born_given": Key(("born", "given[1]")),
        "born_family": Key(("born", "family[1]")),
        "name": Key(("least(given, family)", "greatest(given, family)"), loose=False),
        "family": Key(("family",)),
        "given": Key(("given",)),
        "family_initial": Key(("family", "given[1]")),
        "given_letters": Key(("given", "family[:2]")),
        "family_place": Key(("place", "family[:2]")),
        "given_place": Key(("place", "given[:2]")),
        "place": Key(("place",)),
        "place_year": Key(("place", "born[:4]")),
        "road": Key(("road",)),
        "way": Key(("way[:7]",)),
        "way_place": Key(("way[:4]", "place")),
        "family_month": Key(("born[6:]", "family[:3]")),
        "given_month": Key(("born[6:]", "given[:3]")),
        "family_year": Key(("born[:4]", "family[:4]")),
    },
    cleaned=f"""
        SELECT *, split_part(email, '@', 1) AS local, split_part(email, '@', 2) AS domain,
            list_filter([phone, mobile], x -> x IS NOT NULL) AS phones,
            try_cast(left(birth_date, 4) AS INTEGER) AS year, list_sort(string_split(road, ' ')) AS road_words
        FROM (
            SELECT * REPLACE (lower(email) AS email),
                nullif(trim(regexp_replace({folded("first_name")}, '[.-]', ' ', 'g')), '') AS given,
                {folded("last_name")} AS family,
                nullif(trim(regexp_replace({folded("street")}, '[., ]+', ' ', 'g')), '') AS road,
                {folded("city")} AS town
            FROM {{0}})
        """,
    comparisons=(
        Comparison("first name", GIVEN, ("first_name",), {"same": "given"}),
        Comparison("last name", FAMILY, ("last_name",), {"same": "family"}),
        Comparison("birth date", BIRTH_DATE, ("birth_date",)),
        Comparison("e-mail", EMAIL, ("email",), {"same": "email"}),
        Comparison("telephone", TELEPHONE, ("mobile", "phone"), {"mobile": "mobile"}),
        Comparison("street", STREET, ("street",)),
        Comparison("postal code", POSTAL_CODE, ("postal_code",)),
        Comparison("city", CITY, ("city",)),
        Comparison("beside the name", BESIDE, ("first_name", "last_name")),
    ),
    frequent={
        "given": Frequent("given", 0.005), "family": Frequent("family", 0.003),
        "email": Frequent("email"), "mobile": Frequent("mobile"),
    },
)  # fmt: skip
