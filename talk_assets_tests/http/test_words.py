"""Which properties a refusal names, in whichever of the usual forms."""

import json

import pytest

from talk_assets.http import words

LENS = ("email", "EmailAddress", "MailAddress.City", "name", "Name", "PersonEmail", "billing.email", "unit_price")

FORMS: list[tuple[str, object, tuple[str, ...]]] = [
    ("problem+json", {"errors": [{"pointer": "/address/city", "detail": "is too long"}]}, ("address.city",)),
    ("a pointer as a fragment", {"errors": [{"pointer": "#/lines/0/quantity"}]}, ("lines.0.quantity",)),
    ("JSON:API", {"errors": [{"source": {"pointer": "/data/attributes/email"}}]}, ("data.attributes.email",)),
    ("Directus", {"errors": [{"message": "no", "extensions": {"field": "email"}}]}, ("email",)),
    ("ASP.NET", {"title": "no", "errors": {"$.MailAddress.City": ["too long"]}}, ("MailAddress.City",)),
    ("FastAPI", {"detail": [{"loc": ["body", "email"], "msg": "no"}]}, ("body.email",)),
    ("WooCommerce", {"code": "rest_invalid_param", "data": {"params": {"sku": "no"}}}, ("sku",)),
    (
        "WooCommerce, within an object",
        {"data": {"params": {"billing": "billing[email] is no e-mail address."}}},
        ("billing.email",),
    ),
    ("WooCommerce, by names alone", {"data": {"params": ["line_items"]}}, ("line_items",)),
    ("Powerofficego", {"detail": "EmailAddress 'a Name@b' is not a valid e-mail address."}, ("EmailAddress",)),
    ("a property that is a word", {"detail": "The Name field is required."}, ("name", "Name")),
    ("a value in quotes", {"detail": "'EmailAddress' is taken; try another name"}, ()),
    ("no property at all", {"detail": "The record is not valid."}, ()),
    ("another's property", {"detail": "InvoiceDeliveryType PdfByEmail requires an e-mail address."}, ()),
]


@pytest.mark.parametrize(("body", "expected"), [form[1:] for form in FORMS], ids=[form[0] for form in FORMS])
def test_properties_are_named(body: object, expected: tuple[str, ...]) -> None:
    assert words.named(json.dumps(body).encode(), LENS) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Error: PersonEmail is not a valid e-mail address", ("PersonEmail",)),
        ("emailAddress 'x' is not a valid email address", ("EmailAddress",)),
        ("unit_price must not be negative", ("unit_price",)),
        ("City is required", ("MailAddress.City",)),
        ("Two records have the same name", ()),
    ],
)
def test_a_sentence_names_a_property_where_nothing_else_can_be_meant(said: str, expected: tuple[str, ...]) -> None:
    assert words.spoken(said, LENS) == expected
