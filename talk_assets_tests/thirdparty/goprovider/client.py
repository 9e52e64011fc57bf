# ruff: noqa: INP001 -- a script of another environment, no module of this package
"""What a provider of PowerOffice Go reads at an address; prints what it has of each list as JSON.

It runs in an environment of its own: `client.py URL [CHECKPOINTS]`, the last one being what an earlier run printed.
"""

import json
import sys
from typing import Any
from uuid import uuid4

from ds_provider_powerofficego_py_lib.dataset.powerofficego import (
    PowerOfficeGoDataset,
    PowerOfficeGoDatasetSettings,
    ReadSettings,
)
from ds_provider_powerofficego_py_lib.linked_service.powerofficego import (
    PowerOfficeGoLinkedService,
    PowerOfficeGoLinkedServiceSettings,
)

PRODUCTS = ("Customers", "Products", "SalesOrders")


def main() -> None:
    """Log in, and read each list by pages of 5, or what changed since its checkpoint."""
    url, checkpoints = sys.argv[1].rstrip("/"), json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
    host, _, version = url.rpartition("/")
    settings = PowerOfficeGoLinkedServiceSettings(
        host=host,
        api_version=version,
        token_endpoint=f"{url}/OAuth/Token",
        application_key="sandbox-application",
        client_id="sandbox-client",
        subscription_key="sandbox-subscription",
    )
    service = PowerOfficeGoLinkedService(id=uuid4(), name="go", version="1", settings=settings)
    service.connect()
    found: dict[str, Any] = {}
    for product in PRODUCTS:
        wanted = PowerOfficeGoDatasetSettings(data_product=product, read=ReadSettings(page_size=5))
        dataset = PowerOfficeGoDataset(
            id=uuid4(),
            name=product,
            version="1",
            linked_service=service,
            settings=wanted,
            checkpoint=checkpoints.get(product, {}),
        )
        dataset.read()
        ids = [] if dataset.output.empty else [str(id_) for id_ in dataset.output["Id"]]
        found[product] = {"ids": ids, "checkpoint": dataset.checkpoint}
    sys.stdout.write(json.dumps(found))


main()
