"""Splink compares cleaned records pair by pair, with weights that were learnt before; nothing is estimated here."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import duckdb

from talk_assets.sync.link.evidence.model import NULL, OTHER, Comparison, Model
from talk_assets.sync.link.evidence.weights import Weights

if TYPE_CHECKING:
    from splink import Linker

FEW = 1_000
"""Records whose usual frequencies of names count as much as those that are there: among few, no name is frequent."""

RAREST = 0.25
"""How much rarer than usual a name may count as."""

_SIDE = re.compile(r"\b([lr])\.(\w+)")


def probability(bits: float) -> float:
    """Return the probability of odds in bits."""
    odds: float = 2.0 ** -max(-500.0, min(500.0, bits))
    return 1 / (1 + odds)


def settings(model: Model, weights: Weights, prior: float) -> dict[str, Any]:
    """Return the model as Splink's settings; `prior` is the weight of a pair before anything is compared, in bits."""
    return {
        "link_type": "link_only",
        "unique_id_column_name": "n",
        "probability_two_random_records_match": probability(prior),
        "blocking_rules_to_generate_predictions": ["l.n = r.n"],
        "comparisons": [_comparison(one, weights) for one in model.comparisons],
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": True,
    }


def _comparison(one: Comparison, weights: Weights) -> dict[str, Any]:
    levels = [_level(one, label, condition, weights) for label, condition in (*one.levels.items(), (OTHER, "ELSE"))]
    return {"output_column_name": one.column, "comparison_levels": levels}


def _level(one: Comparison, label: str, condition: str, weights: Weights) -> dict[str, Any]:
    level: dict[str, Any] = {"sql_condition": _SIDE.sub(r"\2_\1", condition), "label_for_charts": label}
    if label == NULL:
        return {**level, "is_null_level": True}
    agreeing, chance = shares(weights, one.name, label)
    level |= {"m_probability": agreeing, "u_probability": chance}
    if column := one.often.get(label):
        level |= {"tf_adjustment_column": column, "disable_tf_exact_match_detection": True}
        level |= {"tf_minimum_u_value": chance * RAREST}
    return level


def shares(weights: Weights, comparison: str, level: str) -> tuple[float, float]:
    """Return how often a level is met among pairs that are the same, and among others; the ratio is its weight."""
    chance, ratio = weights.by_chance(comparison, level), 2.0 ** weights.weight(comparison, level)
    chance = min(chance, 0.99, 0.99 / ratio)
    return chance * ratio, chance


def score(scratch: duckdb.DuckDBPyConnection, model: Model, weights: Weights, prior: float, above: float) -> None:
    """Fill the table `scored` (`l, r, probability, evidence`) with the pairs of the table `pairs` that are above.

    The tables `left_records` and `right_records` have `n` and the entity's fields, and `k_<key>` per key that is
    counted.
    """
    from splink import DuckDBAPI, Linker  # noqa: PLC0415 -- only what is weighed needs it

    for side in ("left", "right"):
        scratch.execute(f"CREATE OR REPLACE TABLE cleaned_{side} AS {model.cleaned.format(f'{side}_records')}")
    scratch.execute(
        "CREATE OR REPLACE TABLE keyed AS"
        " SELECT 0 AS match_key, 'l-__-' || l AS join_key_l, 'r-__-' || r AS join_key_r FROM pairs"
    )
    api = DuckDBAPI(scratch)
    both = [api.register(f"cleaned_{side}", dataset_display_name=side[0]) for side in ("left", "right")]
    linker = Linker(both, settings(model, weights, prior))
    for column, table in _frequencies(scratch, model, weights):
        linker.table_management.register_term_frequency_lookup(api.register(table), column)
    linker.table_management.register_blocked_pairs_for_predict(api.register("keyed"))
    found = _predicted(linker, above)
    scratch.execute(f"CREATE OR REPLACE TABLE scored AS {_evidence(model, found)}")
    api.delete_tables_created_by_splink_from_db()  # type: ignore[no-untyped-call]


def _predicted(linker: "Linker", above: float) -> str:
    """The name of the table of predictions."""
    least = above if 0 < above < 1 else None
    return str(linker.inference.predict(threshold_match_probability=least, warning_mode="never").physical_name)


def _frequencies(scratch: duckdb.DuckDBPyConnection, model: Model, weights: Weights) -> Iterator[tuple[str, str]]:
    """Fill a table per column whose values are counted with how often each is met by chance."""
    chances = {
        column: shares(weights, one.name, label)[1] for one in model.comparisons for label, column in one.often.items()
    }
    for column, frequent in model.frequent.items():
        usual = frequent.usual
        times = f"(max(records) + {FEW * usual}) / (any_value(every) + {FEW}) / {usual}" if usual else "max(most)"
        scratch.execute(
            f"""
            CREATE OR REPLACE TABLE often AS SELECT {column}, {chances[column]} * ({times}) AS tf_{column}
            FROM (SELECT {column}, k_{frequent.key} AS k FROM cleaned_left UNION ALL
                  SELECT {column}, k_{frequent.key} FROM cleaned_right)
            JOIN often_{frequent.key} USING (k), (SELECT (SELECT count(*) FROM keys_l) + (SELECT count(*) FROM keys_r)
                AS every)
            WHERE {column} IS NOT NULL GROUP BY {column}
            """
        )
        scratch.execute(f"CREATE OR REPLACE TABLE tf_of_{column} AS FROM often")
        yield column, f"tf_of_{column}"


def _evidence(model: Model, predicted: str) -> str:
    """The SQL of the pairs that were predicted, with what was compared."""
    told = ", ".join(_told(one) for one in model.comparisons)
    return f"""
        SELECT p.n_l AS l, p.n_r AS r, p.match_probability AS probability,
            to_json(list_filter([{told}], x -> x.level IS NOT NULL))::VARCHAR AS evidence
        FROM {predicted} p JOIN left_records a ON a.n = p.n_l JOIN right_records b ON b.n = p.n_r
    """


def _told(one: Comparison) -> str:
    labels = one.labels
    level = " ".join(f"WHEN {len(labels) - 1 - place} THEN '{label}'" for place, label in enumerate(labels))
    bits = f"p.mw_{one.column}" + (f" + p.mw_tf_adj_{one.column}" if one.often else "")
    values = [", ".join(f'{side}."{field}"' for field in one.fields) for side in "ab"]
    left, right = (f"nullif(concat_ws(', ', {value}), '')" for value in values)
    return (
        f"{{'comparison': '{one.name}', 'level': CASE p.gamma_{one.column} {level} END,"
        f" 'weight': round({bits}, 1), 'left': {left}, 'right': {right}}}"
    )
