"""What two records have in common, comparison by comparison, as levels in DuckDB's SQL.

`l` and `r` are the cleaned records of both sides. Levels are tried in their order; `null` is no evidence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NULL = "null"

FORMS = (
    "gesellschaft mit beschrankter haftung|societe par actions simplifiee|societe a responsabilite limitee"
    "|spolka z ograniczona odpowiedzialnoscia|limited liability partnership|vennootschap onder firma"
    "|besloten vennootschap|naamloze vennootschap|public limited company|julkinen osakeyhtio|kommandiittiyhtio"
    "|kommanditgesellschaft|interessentskab|offene gesellschaft|allmennaksjeselskap|ansvarlig selskap|samvirkeforetak"
    "|societe anonyme|spolka akcyjna|kommanditbolag|aktieselskab|anpartsselskab|aktiengesellschaft|handelsbolag"
    "|aktiebolag|aksjeselskap|osakeyhtio|limited|gmbh & co[.] kg|gmbh|sp[.] z o[.]o|s[.]a[.]r[.]l|s[.]a[.]s|a[.]s[.]a"
    "|a[.]n[.]s|p[.]l[.]c|l[.]l[.]p|b[.]v|n[.]v|v[.]o[.]f|a[.]s|a[.]b|a[.]g|s[.]a|h[.]b|k[.]b|k[.]g|o[.]g|a/s|i/s"
    "|k/s|p/s|aps|asa|ans|oyj|plc|llp|ltd|sarl|sas|vof|ohg|as|sa|da|ab|hb|kb|oy|ky|ag|kg|og|bv|nv"
)
"""Legal forms, folded, the longer ones first."""

SISTERS = (
    "holding|eiendom|eiendommer|invest|investment|gruppen|gruppe|group|leasing|finans|finance|properties|immobilien"
    "|fastigheter|ejendomme|kiinteistot|vastgoed|nieruchomosci|konsern"
)
"""Words that tell a company from another one of the same owners."""

OFFICES = "info|post|kontor|office|resepsjon|mail|kontakt|firma|sales|salg"
"""Whose e-mail is nobody's own."""


@dataclass(frozen=True)
class Levels:
    """`clean` adds columns to the records of the relation `{0}`; a pair is compared that any of `block` joins.

    `compare` has per comparison its levels, a condition for each, and `shown` the field that people see of it.
    """

    clean: str
    block: Sequence[str]
    compare: Mapping[str, Mapping[str, str]]
    shown: Mapping[str, str]

    def selected(self) -> str:
        """The SQL of a column for each comparison."""
        return ", ".join(f'{_case(levels)} AS "{name}"' for name, levels in self.compare.items())


def _case(levels: Mapping[str, str]) -> str:
    whens = " ".join(f"WHEN {condition} THEN '{level}'" for level, condition in levels.items())
    return f"CASE {whens} ELSE 'other' END"


def folded(column: str) -> str:
    """Lower case, without diacritics."""
    return f"strip_accents(translate(lower({column}), 'æøåßł', 'aoasl'))"


def _equal(column: str, further: Mapping[str, str] | None = None) -> dict[str, str]:
    """The levels of a column that is the same or not."""
    blank = f"l.{column} IS NULL OR r.{column} IS NULL"
    return {NULL: blank, "same": f"l.{column} = r.{column}", **(further or {})}


def _near(column: str, letters: int) -> str:
    """At most so many letters were changed, also where one of both has no digraphs."""
    return " OR ".join(
        f"damerau_levenshtein({_without('l', column, one)}, {_without('r', column, one)}) <= {letters}"
        for one in ("", "oe", "ae", "aa")
    )


def _without(side: str, column: str, digraph: str) -> str:
    return f"replace({side}.{column}, '{digraph}', '{digraph[0]}')" if digraph else f"{side}.{column}"


def _beyond(one: str, other: str) -> str:
    """The words that one name has and the other has not."""
    return f"list_filter({one}.words, word -> NOT list_contains({other}.words, word))"


WORDS = "string_split(core, ' ') AS words, array_to_string(list_sort(string_split(core, ' ')), ' ') AS ordered"
FURTHER = "list_has_all(l.words, r.words) OR list_has_all(r.words, l.words)"
EITHER = f"list_concat({_beyond('l', 'r')}, {_beyond('r', 'l')})"
INITIALS = r"regexp_replace({0}.core, '(\w)\w* & (\w)\w*', '\1&\2')"

COMPANY = Levels(
    rf"""
    SELECT *, {WORDS}, regexp_replace(regexp_replace(lower(website), '^https?://', ''), '^www\.', '') AS site,
        CASE WHEN regexp_full_match(organisation_number, 'NO[0-9]+MVA') THEN organisation_number[3:11]
            WHEN organisation_number LIKE 'SE%' THEN organisation_number[3:12]
            WHEN organisation_number LIKE 'FR%' THEN organisation_number[5:]
            WHEN organisation_number LIKE 'ATU%' THEN organisation_number[4:]
            WHEN regexp_full_match(organisation_number, '[A-Z][A-Z][0-9]+') THEN organisation_number[3:]
            ELSE organisation_number END AS digits,
        split_part(email, '@', 2) AS domain, {folded("street")} AS road
    FROM (
        SELECT *, trim(regexp_replace(regexp_replace(regexp_replace(
            regexp_replace(' ' || {folded("name")} || ' ', '[ ,]+({FORMS})[.]?[ ,]+', ' ', 'g'),
            ' (og|och|und|en|and|et|i|&) ', ' & ', 'g'), '[,.-]', ' ', 'g'), ' +', ' ', 'g')) AS core
        FROM {{0}})
    """,
    (
        "l.digits = r.digits", "l.email = r.email", "l.phone = r.phone", "l.site = r.site", "l.ordered = r.ordered",
        "l.road = r.road AND l.postal_code = r.postal_code",
        "l.core[:6] = r.core[:6] AND l.postal_code = r.postal_code",
    ),
    {
        "name": {
            **_equal("core"),
            "other order": "l.ordered = r.ordered",
            "typing error": "len(l.words) = len(r.words) AND damerau_levenshtein(l.core, r.core) <= 2",
            "initials": f"{INITIALS.format('l')} = r.core OR l.core = {INITIALS.format('r')}",
            "sister": f"({FURTHER}) AND len(list_filter({EITHER}, x -> regexp_full_match(x, '{SISTERS}'))) > 0",
            "further word": f"{FURTHER} OR starts_with(l.core, r.core) OR starts_with(r.core, l.core)",
            "abbreviated": f"len({_beyond('l', 'r')}) = 1 AND len({_beyond('r', 'l')}) = 1"
                " AND jaro_winkler_similarity(l.core, r.core) > 0.9",
            "alike": "jaro_winkler_similarity(l.core, r.core) > 0.92",
            "word in common": "list_has_any(l.words, r.words)",
        },
        "number": _equal("digits") | {"same": "l.digits = r.digits AND l.country = r.country",
            "another country": "l.digits = r.digits"},
        "email": _equal("email", {"domain": "l.domain = r.domain"}),
        "phone": _equal("phone"),
        "website": _equal("site"),
        "street": _equal("road", {"alike": "jaro_winkler_similarity(l.road, r.road) > 0.9"}),
        "postal code": _equal("postal_code"),
        "country": _equal("country"),
        "branch": {
            "yes": "l.digits = r.digits AND l.road <> r.road AND l.phone <> r.phone AND l.core <> r.core"
                f" AND ({FURTHER})",
        },
    },
    {"name": "name", "number": "organisation_number", "email": "email", "phone": "phone", "website": "website",
     "street": "street", "postal code": "postal_code", "country": "country", "branch": "organisation_number"},
)  # fmt: skip

PRODUCT = Levels(
    f"""
    SELECT *, {WORDS}, nullif(ltrim(gtin, '0'), '') AS trade, unit_price::DOUBLE AS price,
        regexp_replace(lower(number), '[^0-9a-z]', '', 'g') AS plain
    FROM (SELECT *, trim(regexp_replace({folded("name")}, ' +', ' ', 'g')) AS core FROM {{0}})
    """,
    (
        "l.plain = r.plain", "l.trade = r.trade", "l.ordered = r.ordered",
        "l.price = r.price AND l.words[1] = r.words[1]", "l.price = r.price AND l.words[2] = r.words[2]",
    ),
    {
        "name": {
            **_equal("core"),
            "other order": "l.ordered = r.ordered",
            "typing error": f"len({_beyond('l', 'r')}) = 1 AND len({_beyond('r', 'l')}) = 1"
                f" AND least(len({_beyond('l', 'r')}[1]), len({_beyond('r', 'l')}[1])) >= 4"
                f" AND NOT regexp_matches({_beyond('l', 'r')}[1] || {_beyond('r', 'l')}[1], '[0-9]')"
                f" AND damerau_levenshtein({_beyond('l', 'r')}[1], {_beyond('r', 'l')}[1]) <= 2",
            "one other word": f"len({_beyond('l', 'r')}) = 1 AND len({_beyond('r', 'l')}) = 1",
            "further word": FURTHER,
            "half": "2 * len(list_intersect(l.words, r.words)) >= greatest(len(l.words), len(r.words))",
        },
        "number": _equal("number", {"form": "l.plain = r.plain",
            "begins alike": "starts_with(l.plain, r.plain) OR starts_with(r.plain, l.plain)"}),
        "GTIN": _equal("trade"),
        "price": _equal("price", {"near": "least(l.price, r.price) > 0.88 * greatest(l.price, r.price)",
            "half": "2 * least(l.price, r.price) > greatest(l.price, r.price)"}),
        "cost": _equal("unit_cost"),
        "description": _equal("description", {
            "cut": "starts_with(l.description, r.description) OR starts_with(r.description, l.description)"}),
    },
    {"name": "name", "number": "number", "GTIN": "gtin", "price": "unit_price", "cost": "unit_cost",
     "description": "description"},
)  # fmt: skip

PERSON = Levels(
    f"""
    SELECT *, split_part(email, '@', 1) AS local, list_filter([phone, mobile], x -> x IS NOT NULL) AS phones,
        left(birth_date, 4)::INTEGER AS year
    FROM (
        SELECT *, nullif(trim(regexp_replace({folded("first_name")}, '[.-]', ' ', 'g')), '') AS given,
            {folded("last_name")} AS family, {folded("street")} AS road
        FROM {{0}})
    """,
    (
        "l.email = r.email", "l.mobile = r.mobile", "l.phone = r.phone", "l.birth_date = r.birth_date",
        "l.road = r.road", "l.given = r.given AND l.family = r.family", "l.given = r.family AND l.family = r.given",
        "l.postal_code = r.postal_code AND l.family[:3] = r.family[:3]",
        "l.postal_code = r.postal_code AND l.given = r.given",
    ),
    {
        "first name": {
            **_equal("given"),
            "swapped": "l.given = r.family AND l.family = r.given",
            "initial": "least(len(l.given), len(r.given)) = 1 AND l.given[1] = r.given[1]",
            "middle name": "starts_with(l.given, r.given || ' ') OR starts_with(r.given, l.given || ' ')",
            "one letter": _near("given", 1),
            "two letters": "damerau_levenshtein(l.given, r.given) = 2 AND least(len(l.given), len(r.given)) >= 5",
            "partly swapped": "l.given = r.family OR l.family = r.given",
            "begins alike": "l.given[:3] = r.given[:3]",
        },
        "last name": {
            **_equal("family"),
            NULL: "l.family IS NULL OR r.family IS NULL OR l.given = r.family OR l.family = r.given",
            "one letter": _near("family", 1),
            "two letters": "damerau_levenshtein(l.family, r.family) = 2",
            "part": "list_has_any(string_split(l.family, ' '), string_split(r.family, ' '))",
        },
        "birth date": _equal("birth_date", {
            "one digit": "damerau_levenshtein(l.birth_date, r.birth_date) = 1",
            "day and month": "l.year = r.year AND l.birth_date[6:7] = r.birth_date[9:10]"
                " AND l.birth_date[9:10] = r.birth_date[6:7]",
            "part": "l.birth_date[:7] = r.birth_date[:7] OR l.birth_date[5:] = r.birth_date[5:]",
            "a generation": "abs(l.year - r.year) >= 15",
        }),
        "email": {
            NULL: "l.email IS NULL OR r.email IS NULL",
            "office": f"l.email = r.email AND regexp_full_match(l.local, '{OFFICES}')",
            "same": "l.email = r.email",
            "local part": "l.local = r.local",
        },
        "telephone": {
            NULL: "len(l.phones) = 0 OR len(r.phones) = 0",
            "mobile": "l.mobile = r.mobile",
            "same": "list_has_any(l.phones, r.phones)",
        },
        "street": _equal("road", {"alike": "damerau_levenshtein(l.road, r.road) <= 2"}),
        "postal code": _equal("postal_code"),
    },
    {"first name": "first_name", "last name": "last_name", "birth date": "birth_date", "email": "email",
     "telephone": "mobile", "street": "street", "postal code": "postal_code"},
)  # fmt: skip

LEVELS: Mapping[str, Levels] = {"company": COMPANY, "product": PRODUCT, "person": PERSON}
"""By entity."""
