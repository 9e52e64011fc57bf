"""Products: sizes and colours are articles of their own, and a number may have been given to another article."""

from talk_assets.sync.link.evidence.model import Comparison, Key, Model, beyond, equal, folded, words

MORE, LESS = beyond("l", "r"), beyond("r", "l")
ONE_EACH = f"len({MORE}) = 1 AND len({LESS}) = 1"

COLOURS = (
    "svart|sort|hvit|hvid|vit|rod|bla|gronn|gron|gul|gra|brun|lilla|oransje|black|white|red|blue|green|yellow|grey|gray"
    "|brown|orange|purple|pink|rosa|schwarz|weiss|rot|blau|grun|gelb|grau|braun|beige|navy|silver|gold|gull|solv"
)
"""Words that tell a variant of an article from another one, folded; sizes are short, or numbers."""

NAME = {
    **equal("core"),
    "other order": "l.ordered = r.ordered",
    "typing error": f"{ONE_EACH} AND least(len({MORE}[1]), len({LESS}[1])) >= 4"
    f" AND NOT regexp_matches({MORE}[1] || {LESS}[1], '[0-9]') AND damerau_levenshtein({MORE}[1], {LESS}[1]) <= 2",
    "other blanks": "replace(l.core, ' ', '') = replace(r.core, ' ', '')",
    "variant": f"{ONE_EACH} AND (least(len({MORE}[1]), len({LESS}[1])) <= 3 OR regexp_matches({MORE}[1], '[0-9]')"
    f" OR regexp_matches({LESS}[1], '[0-9]') OR regexp_full_match({MORE}[1], '{COLOURS}'))",
    "one other word": ONE_EACH,
    "further word": "list_has_all(l.words, r.words) OR list_has_all(r.words, l.words)",
    "half": "2 * len(list_intersect(l.words, r.words)) >= greatest(len(l.words), len(r.words))",
}
NUMBER = {
    **equal("number"),
    "form": "l.plain_number = r.plain_number",
    "begins alike": "starts_with(l.plain_number, r.plain_number) OR starts_with(r.plain_number, l.plain_number)",
}
PRICE = equal(
    "price",
    {
        "near": "least(l.price, r.price) > 0.88 * greatest(l.price, r.price)",
        "up to twice": "2 * least(l.price, r.price) > greatest(l.price, r.price)",
    },
)
DESCRIPTION = equal(
    "described",
    {"cut": "starts_with(l.described, r.described) OR starts_with(r.described, l.described)"},
)

PRODUCT = Model(
    "product",
    plain={
        "title": "lower(name)", "code": "lower(number)", "trade": "ltrim(gtin, '0')", "price": "unit_price",
        "text": "description",
    },
    keys={
        "code": Key(("code",), loose=False),
        "form": Key(("regexp_replace(code, '[^0-9a-z]', '', 'g')",), loose=False),
        "gtin": Key(("nullif(trade, '')",), loose=False),
        "title": Key(("title",), loose=False),
        "begins": Key(("title[:12]",)),
        "first_price": Key(("split_part(title, ' ', 1)", "price")),
        "second_price": Key(("nullif(split_part(title, ' ', 2), '')", "price")),
        "ordered": Key(("list_sort(string_split(title, ' '))",), loose=False),
        "text": Key(("text",)),
    },
    cleaned=f"""
        SELECT *, {words("core")}, nullif(ltrim(gtin, '0'), '') AS trade, try_cast(unit_price AS DOUBLE) AS price,
            nullif(regexp_replace(lower(number), '[^0-9a-z]', '', 'g'), '') AS plain_number,
            lower(description) AS described
        FROM (SELECT *, nullif(trim(regexp_replace({folded("name")}, '[ ,]+', ' ', 'g')), '') AS core FROM {{0}})
        """,
    comparisons=(
        Comparison("name", NAME, ("name",)),
        Comparison("number", NUMBER, ("number",)),
        Comparison("GTIN", equal("trade"), ("gtin",)),
        Comparison("price", PRICE, ("unit_price",)),
        Comparison("cost", equal("unit_cost"), ("unit_cost",)),
        Comparison("description", DESCRIPTION, ("description",)),
        Comparison("unit", equal("unit"), ("unit",)),
    ),
)  # fmt: skip
