# ruff: noqa: INP001 -- a script of another environment, no module of this package
"""What the shop's official client does with the shop at an address; prints what it is answered as JSON.

It runs in an environment of its own: `client.py URL`.
"""

import json
import sys
from typing import Any

from woocommerce import API


def everything(shop: API, resource: str, **params: object) -> list[dict[str, Any]]:
    """All pages of a list."""
    found, page = [], 1
    while True:
        answer = shop.get(resource, params={"per_page": 10, "page": page, **params})
        answer.raise_for_status()
        found += answer.json()
        if page >= int(answer.headers["X-WP-TotalPages"]):
            assert len(found) == int(answer.headers["X-WP-Total"])
            return found
        page += 1


def life(shop: API) -> dict[str, Any]:
    """A customer, a product and an order: created, edited, read again, deleted."""
    buyer = {"email": "ny.kunde@fjord.example", "first_name": "Ny", "last_name": "Kunde & sønn"}
    customer = shop.post("customers", buyer).json()
    product = shop.post("products", {"name": "Skrue <b>M8</b>", "sku": "TP-1", "regular_price": "10.50"}).json()
    again = shop.post("products", {"name": "En annen", "sku": "TP-1"})
    line = {"product_id": product["id"], "quantity": 3}
    order = shop.post("orders", {"customer_id": customer["id"], "line_items": [line]}).json()
    paid = shop.put(f"orders/{order['id']}", {"status": "processing"}).json()
    cheaper = shop.put(f"products/{product['id']}", {"regular_price": "9.00"}).json()
    trashed = shop.delete(f"orders/{order['id']}").json()
    gone = shop.delete(f"products/{product['id']}", params={"force": True})
    return {
        "customer": customer,
        "product": product,
        "again": [again.status_code, again.json()["code"]],
        "order": order,
        "paid": paid,
        "cheaper": cheaper,
        "trashed": trashed,
        "gone": [gone.status_code, shop.get(f"products/{product['id']}").status_code],
    }


def main() -> None:
    """Sign by OAuth 1.0a, as the client does over plain http."""
    shop = API(sys.argv[1], "ck_sandbox", "cs_sandbox", version="wc/v3", timeout=30)
    wrong = API(sys.argv[1], "ck_sandbox", "cs_wrong", version="wc/v3", timeout=30).get("products")
    listed = {resource: everything(shop, resource) for resource in ("customers", "products", "orders")}
    found = {
        "wrong": [wrong.status_code, wrong.json()["code"]],
        "listed": {resource: [row["id"] for row in rows] for resource, rows in listed.items()},
        "completed": [row["status"] for row in everything(shop, "orders", status="completed")],
        "oldest": [row["id"] for row in everything(shop, "orders", orderby="id", order="asc")],
        "fields": shop.get("products", params={"_fields": "id,sku", "per_page": 1}).json(),
        "sku": shop.get("products", params={"sku": listed["products"][0]["sku"]}).json(),
        "since": shop.get("orders", params={"modified_after": "2000-01-01T00:00:00"}).status_code,
        "unknown": shop.get("orders/999999").status_code,
        "life": life(shop),
    }
    json.dump(found, sys.stdout)


main()
