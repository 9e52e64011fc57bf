"""Splink by itself, with settings that a user of it would write: what the product is compared with."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl
import splink.comparison_library as comparisons
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from talk_assets_tests.evidence_sets.labelled import Labelled
from talk_assets_tests.evidence_sets.score import scored


@dataclass(frozen=True)
class Model:
    """`compare` are Splink's comparisons, `block` what is compared at all, and `train` what is learnt from."""

    compare: Sequence[Any]
    block: Sequence[Any]
    train: Sequence[Any]


def _exact(column: str) -> Any:  # noqa: ANN401 -- Splink's
    return comparisons.ExactMatch(column)


MODELS: Mapping[str, Model] = {
    "company": Model(
        [
            comparisons.JaroWinklerAtThresholds("name", [0.92, 0.8]),
            _exact("organisation_number"), _exact("email"), _exact("phone"), _exact("website"),
            comparisons.JaroWinklerAtThresholds("street", [0.92]), _exact("postal_code"),
        ],
        [block_on(one) for one in ("organisation_number", "email", "phone", "website", "name", "street")],
        [block_on("name"), block_on("organisation_number"), block_on("phone")],
    ),
    "product": Model(
        [
            _exact("number"), _exact("gtin"), comparisons.JaroWinklerAtThresholds("name", [0.97, 0.9]),
            comparisons.JaroWinklerAtThresholds("description", [0.92]), _exact("unit_price"), _exact("unit"),
        ],
        [block_on("number"), block_on("gtin"), block_on("name"), block_on("unit_price", "substr(name, 1, 3)")],
        [block_on("number"), block_on("gtin"), block_on("name")],
    ),
    "person": Model(
        [
            comparisons.ForenameSurnameComparison("first_name", "last_name"),
            comparisons.DateOfBirthComparison("birth_date", input_is_string=True),
            _exact("email"), _exact("phone"), _exact("mobile"),
            comparisons.JaroWinklerAtThresholds("street", [0.92]), _exact("postal_code"),
        ],
        [
            *(block_on(one) for one in ("email", "phone", "mobile", "birth_date", "street")),
            block_on("first_name", "last_name"), block_on("last_name", "first_name"),
            block_on("postal_code", "substr(last_name, 1, 2)"),
        ],
        [block_on("first_name", "last_name"), block_on("birth_date"), block_on("street")],
    ),
}  # fmt: skip

LINKED, SUGGESTED = 0.999, 0.5


def raw(labelled: Labelled) -> pl.DataFrame:
    """Estimate a model on the set itself, as is usual, and take what it says."""
    model, api = MODELS[labelled.entity], DuckDBAPI(connection=duckdb.connect())
    sides = [
        api.register(labelled.side(name).rename({"id": "unique_id"}).to_arrow(), table_name=f"side_{name}")
        for name in ("left", "right")
    ]
    settings = SettingsCreator("link_only", list(model.compare), list(model.block))
    linker = Linker(sides, settings, log_level=logging.ERROR)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in model.train:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=SUGGESTED).as_duckdbpyrelation().pl()
    rows = found.select("unique_id_l", "unique_id_r", "match_probability").iter_rows()
    return scored((left, right, probability, probability >= LINKED) for left, right, probability in rows)
