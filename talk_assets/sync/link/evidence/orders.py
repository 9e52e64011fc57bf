"""Orders: by number, customer, dates and lines. There are no labelled ones: their weights were set by hand."""

from talk_assets.sync.link.evidence.model import Comparison, Key, Model, equal, folded

DAYS = "abs(date_diff('day', l.ordered_on, r.ordered_on))"

ORDER = Model(
    "order",
    plain={
        "code": "lower(number)", "buyer": "customer", "person": "contact", "day": "order_date", "rows": "lines",
        "text": "lower(description)",
    },
    keys={
        "code": Key(("code",), loose=False),
        "form": Key(("regexp_replace(code, '[^0-9a-z]', '', 'g')",)),
        "buyer_day": Key(("buyer", "day")),
        "buyer_rows": Key(("buyer", "rows")),
        "day_rows": Key(("day", "rows")),
        "person_day": Key(("person", "day")),
        "buyer_text": Key(("buyer", "text")),
    },
    cleaned=f"""
        SELECT *, try_cast(order_date AS DATE) AS ordered_on, try_cast(delivery_date AS DATE) AS delivered_on,
            nullif(regexp_replace(lower(number), '[^0-9a-z]', '', 'g'), '') AS plain_number,
            list_sort(regexp_extract_all(lines, '"product": ?"([^"]*)"', 1)) AS articles,
            {folded("description")} AS described
        FROM {{0}}
        """,
    comparisons=(
        Comparison("number", equal("number", {"form": "l.plain_number = r.plain_number"}), ("number",)),
        Comparison("customer", equal("customer"), ("customer",)),
        Comparison("contact", equal("contact"), ("contact",)),
        Comparison(
            "order date",
            equal("ordered_on", {"a day": f"{DAYS} <= 1", "a week": f"{DAYS} <= 7", "a month": f"{DAYS} <= 31"}),
            ("order_date",),
        ),
        Comparison("delivery date", equal("delivered_on"), ("delivery_date",)),
        Comparison(
            "lines",
            equal(
                "lines",
                {
                    "articles": "len(l.articles) > 0 AND l.articles = r.articles",
                    "article in common": "list_has_any(l.articles, r.articles)",
                },
            ),
            ("lines",),
        ),
        Comparison("description", equal("described"), ("description",)),
        Comparison("currency", equal("currency"), ("currency",)),
    ),
)  # fmt: skip
