"""Companies: names without their legal form, numbers within a country, and what sisters and branches share."""

from talk_assets.sync.link.evidence.model import NULL, Comparison, Frequent, Key, Model, beyond, equal, folded, words

FORMS = (
    "gesellschaft mit beschrankter haftung|societe par actions simplifiee|societe a responsabilite limitee"
    "|spolka z ograniczona odpowiedzialnoscia|limited liability partnership|vennootschap onder firma"
    "|besloten vennootschap|naamloze vennootschap|public limited company|julkinen osakeyhtio|kommandiittiyhtio"
    "|kommanditgesellschaft|interessentskab|offene gesellschaft|allmennaksjeselskap|ansvarlig selskap|samvirkeforetak"
    "|societe anonyme|spolka akcyjna|kommanditbolag|aktieselskab|anpartsselskab|aktiengesellschaft|handelsbolag"
    "|aktiebolag|aksjeselskap|osakeyhtio|incorporated|corporation|limited|gmbh & co[.] kg|gmbh|sp[.] z o[.]o"
    "|s[.]a[.]r[.]l|s[.]a[.]s|s[.]r[.]l|s[.]p[.]a|a[.]s[.]a|a[.]n[.]s|p[.]l[.]c|l[.]l[.]p|b[.]v|n[.]v|v[.]o[.]f|a[.]s|a[.]b"
    "|a[.]g|s[.]a|h[.]b|k[.]b|k[.]g|o[.]g|a/s|i/s|k/s|p/s|aps|asa|ans|oyj|plc|llp|ltd|inc|corp|llc|sarl|srl|spa|sas|vof"
    "|ohg|enk|nuf|as|sa|da|ab|hb|kb|oy|ky|ag|kg|og|ug|bv|nv"
)
"""Legal forms, folded, the longer ones first."""

SISTERS = (
    "holding|eiendom|eiendommer|invest|investment|gruppen|gruppe|group|leasing|finans|finance|properties|immobilien"
    "|fastigheter|ejendomme|kiinteistot|vastgoed|nieruchomosci|konsern"
)
"""Words that tell a company from another one of the same owners."""

FURTHER = "list_has_all(l.words, r.words) OR list_has_all(r.words, l.words)"
EITHER = f"list_concat({beyond('l', 'r')}, {beyond('r', 'l')})"
INITIALS = r"regexp_replace({0}.core, '(\w)\w* & (\w)\w*', '\1&\2')"

NAME = {
    **equal("core"),
    "other order": "l.ordered = r.ordered",
    "typing error": "len(l.words) = len(r.words) AND damerau_levenshtein(l.core, r.core) <= 2"
    " AND least(len(l.core), len(r.core)) >= 5",
    "other blanks": "replace(l.core, ' ', '') = replace(r.core, ' ', '')",
    "initials": f"{INITIALS.format('l')} = r.core OR l.core = {INITIALS.format('r')}",
    "sister": f"({FURTHER}) AND len(list_filter({EITHER}, x -> regexp_full_match(x, '{SISTERS}'))) > 0",
    "further word": f"{FURTHER} OR starts_with(l.core, r.core || ' ') OR starts_with(r.core, l.core || ' ')",
    "abbreviated": f"len({beyond('l', 'r')}) = 1 AND len({beyond('r', 'l')}) = 1"
    " AND jaro_winkler_similarity(l.core, r.core) > 0.9",
    "alike": "jaro_winkler_similarity(l.core, r.core) > 0.92",
    "word in common": "list_has_any(l.words, r.words)",
}
NUMBER = {
    **equal("digits"),
    "same": "l.digits = r.digits AND coalesce(l.register = r.register, true)",
    "another country": "l.digits = r.digits",
    "one digit": "len(l.digits) = len(r.digits) AND damerau_levenshtein(l.digits, r.digits) = 1",
}
_BRANCH = f"l.digits = r.digits AND l.road <> r.road AND l.phone <> r.phone AND l.core <> r.core AND ({FURTHER})"
BRANCH = {NULL: f"({_BRANCH}) IS NOT TRUE", "yes": "true"}

_NUMBER = "upper(organisation_number)"

COMPANY = Model(
    "company",
    plain={
        "title": "lower(name)", "number": f"regexp_replace({_NUMBER}, '^[A-Z]+|[A-Z]+$', '', 'g')",
        "mail": "lower(email)", "fixed": "phone", "site": "lower(website)", "road": "lower(street)",
        "place": "postal_code", "state": "country", "department": "department_code",
    },
    keys={
        "number": Key(("number",), loose=False),
        "digits": Key(("right(number, 8)",)),
        "siren": Key(("number[3:11]",)),
        "email": Key(("mail",), loose=False),
        "phone": Key(("fixed",), loose=False),
        "site": Key(("site",)),
        "host": Key(("regexp_extract(site, '^(?:https?://)?(?:www[.])?([^/]+)', 1)",)),
        "department": Key(("department",)),
        "title": Key(("title",), loose=False),
        "begins": Key(("title[:8]",)),
        "begins_place": Key(("title[:5]", "place")),
        "word": Key(("split_part(title, ' ', 1)", "split_part(title, ' ', 2)")),
        "road": Key(("road", "place")),
        "road_title": Key(("road", "title[:3]")),
    },
    cleaned=rf"""
        SELECT *, {words("core")}, split_part(email, '@', 2) AS domain, {folded("street")} AS road,
            nullif(regexp_replace(regexp_replace(lower(website), '^https?://', ''), '^www\.|/$', '', 'g'), '') AS site,
            CASE WHEN regexp_full_match(marked, 'NO[0-9]+(MVA)?') THEN marked[3:11]
                WHEN regexp_full_match(marked, 'SE[0-9]{{{{12}}}}') THEN marked[3:12]
                WHEN regexp_full_match(marked, 'FR[0-9A-Z]{{{{2}}}}[0-9]{{{{9}}}}') THEN marked[5:]
                WHEN regexp_full_match(marked, 'ATU[0-9]+') THEN marked[4:]
                WHEN regexp_full_match(marked, '[A-Z][A-Z][0-9]+') THEN marked[3:]
                ELSE marked END AS digits,
            coalesce(country, CASE WHEN regexp_full_match(marked, '[A-Z][A-Z]U?[0-9].*') THEN marked[:2] END)
                AS register
        FROM (
            SELECT * REPLACE (lower(email) AS email), {_NUMBER} AS marked,
                nullif(trim(regexp_replace(regexp_replace(regexp_replace(
                    regexp_replace(' ' || {folded("name")} || ' ', '[ ,]+({FORMS})[.]?[ ,]+', ' ', 'g'),
                    ' (og|och|und|en|and|et|i|&) ', ' & ', 'g'), '[,.-]', ' ', 'g'), ' +', ' ', 'g')), '') AS core
            FROM {{0}})
        """,
    comparisons=(
        Comparison("name", NAME, ("name",), {"same": "core"}),
        Comparison("organisation number", NUMBER, ("organisation_number", "country")),
        Comparison("e-mail", equal("email", {"domain": "l.domain = r.domain"}), ("email",), {"same": "email"}),
        Comparison("phone", equal("phone"), ("phone",), {"same": "phone"}),
        Comparison("website", equal("site"), ("website",)),
        Comparison(
            "street", equal("road", {"alike": "jaro_winkler_similarity(l.road, r.road) > 0.9"}), ("street",)
        ),
        Comparison("postal code", equal("postal_code"), ("postal_code",)),
        Comparison("country", equal("country"), ("country",)),
        Comparison("department code", equal("department_code"), ("department_code",)),
        Comparison("branch", BRANCH, ("name",)),
    ),
    frequent={"core": Frequent("title", 0.0005), "email": Frequent("email"), "phone": Frequent("phone")},
)  # fmt: skip
