"""The same work done by others, each at the best that its settings allow: dlt reads, drt-core writes.

They are in the extra `bench`, which nothing but `make bench` needs, so what they are made of is imported late.
"""

import os
import time
from pathlib import Path


def dlt(url: str, folder: str) -> float:
    """Read the same pages into DuckDB with dlt's REST API source and the Parquet loader."""
    settings = {
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "CRITICAL",
        "DATA_WRITER__BUFFER_MAX_ITEMS": "20000",
        "EXTRACT__DATA_WRITER__FILE_MAX_ITEMS": "50000",  # files are what the workers share
        "NORMALIZE__WORKERS": str(os.cpu_count()),
        "EXTRACT__WORKERS": "8",
    }
    os.environ.update(settings | {"DLT_DATA_DIR": folder})
    import dlt as tool  # noqa: PLC0415 -- see above
    from dlt.sources.rest_api import rest_api_source  # noqa: PLC0415 -- see above

    paginator = {"type": "page_number", "base_page": 1, "page_param": "Page", "total_path": None}
    source = rest_api_source(
        {
            "client": {"base_url": f"{url}/webcrm/", "paginator": paginator},
            "resources": [
                {
                    "name": "persons",
                    "max_table_nesting": 0,
                    "parallelized": True,
                    "endpoint": {"path": "Persons", "params": {"Size": 1000}, "data_selector": "$"},
                }
            ],
        }
    )
    database = str(Path(folder) / "dlt.duckdb")
    pipeline = tool.pipeline("benchmark", pipelines_dir=folder, destination=tool.destinations.duckdb(database))
    began = time.perf_counter()
    pipeline.run(source, loader_file_format="parquet")
    return time.perf_counter() - began


def drt(url: str, database: str, records: int) -> float:
    """Create the first so many contacts of a database with drt-core, a request for each."""
    from drt.config.credentials import DuckDBProfile  # noqa: PLC0415 -- see above
    from drt.config.models import SyncConfig  # noqa: PLC0415 -- see above
    from drt.destinations.rest_api import RestApiDestination  # noqa: PLC0415 -- see above
    from drt.engine.sync import run_sync  # noqa: PLC0415 -- see above
    from drt.sources.duckdb import DuckDBSource  # noqa: PLC0415 -- see above

    sync = SyncConfig.model_validate(
        {
            "name": "benchmark",
            "model": f"SELECT * FROM contacts LIMIT {records}",
            "destination": {"type": "rest_api", "url": f"{url}/customerp/v1/contacts", "method": "POST"},
            "sync": {"batch_size": records, "rate_limit": {"requests_per_second": 0}},
        }
    )
    profile = DuckDBProfile(type="duckdb", database=database)
    began = time.perf_counter()
    done = run_sync(sync, DuckDBSource(), RestApiDestination(), profile, Path(database).parent)
    took = time.perf_counter() - began
    if done.success != records:
        message = f"drt-core created {done.success} of {records}: {done.errors[:1]}"
        raise RuntimeError(message)
    return took
