"""Every lens as a table, in a file per system that a reviewer reads.

    python -m talk_assets_tests.documents.test_lens_tables

writes the files again, when the lenses are as they should be.
"""

from pathlib import Path

import pytest

from talk_assets.documents.properties import drawn, rows
from talk_assets.model.collection import Collection
from talk_assets.model.entities import order
from talk_assets.model.lens.lens import NEVER, ON_CREATE, Choice, Decimal, Lens, OneLine, Ref, Text
from talk_assets.systems import SYSTEMS, SystemSettings

FOLDER = Path(__file__).parents[1] / "snapshots" / "lenses"
UPDATE = "python -m talk_assets_tests.documents.test_lens_tables"


def table(name: str) -> str:
    """A system's collections, a paragraph each."""
    collections = SYSTEMS[name].build(SystemSettings()).collections
    paragraphs = ("\n".join(drawn(f"{name}/{one.name}", one)) for one in collections)
    return "\n\n".join(paragraphs) + "\n"


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_lenses_are_as_in_the_snapshot(name: str) -> None:
    file = FOLDER / f"{name}.txt"
    assert file.exists(), f"{file} is not there: {UPDATE}"
    assert file.read_text("utf-8") == table(name), f"If the lenses are as they should be: {UPDATE}"


def test_no_snapshot_is_of_a_system_that_is_not_there() -> None:
    assert {file.stem for file in FOLDER.iterdir()} <= set(SYSTEMS)


def test_a_row_says_what_holds_a_field_which_way_it_travels_and_what_is_lost() -> None:
    lens = Lens(
        number=Text("no", max_length=5, required=True, blank="-"),
        customer=Ref("firm", to="firms", writable=ON_CREATE, wire="integer"),
        status=Choice("won", {"true": "confirmed"}, wire="boolean", folds={"draft": "true"}, writable=NEVER),
        lines=OneLine(quantity=Decimal("n", places=2)),
    )
    found = rows(Collection(name="orders", entity=order, id="id", lens=lens))
    assert [(row.field, row.property, row.type, row.direction, row.limits) for row in found] == [
        ("number", "no", "text", "read, created, updated", 'required, at most 5 characters, "-" where blank'),
        ("customer", "firm", "reference to company as integer", "read, created", "of firms"),
        (
            "status",
            "won",
            "choice as boolean",
            "read",
            "true is confirmed, draft becomes true",
        ),
        ("lines.quantity", "n", "decimal as number", "read, created, updated", "2 decimals"),
    ]
    fixed = Collection(name="orders", entity=order, id="id", lens=lens, writable=False, creatable=False)
    assert {row.direction for row in rows(fixed)} == {"read"}


def main() -> None:
    """Write every snapshot again."""
    FOLDER.mkdir(exist_ok=True)
    for name in SYSTEMS:
        (FOLDER / f"{name}.txt").write_text(table(name), "utf-8")


if __name__ == "__main__":
    main()
