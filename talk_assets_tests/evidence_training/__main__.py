"""Learn the weights of the entities that are named, or of all that have labelled sets, and write them."""

import sys
from collections.abc import Callable, Iterator, Mapping

from talk_assets.sync.link.evidence import weights
from talk_assets_tests.evidence_sets import companies, persons, products
from talk_assets_tests.evidence_sets.labelled import TRAINING, Labelled
from talk_assets_tests.evidence_training import typists
from talk_assets_tests.evidence_training.learning import learn

SEEDS, COUNT = range(TRAINING, TRAINING + 3), 3000


def _persons() -> Iterator[Labelled]:
    """Mistakes of typists count most: without them, a wrong letter here and there would weigh too little."""
    for seed in SEEDS:
        yield persons.make(COUNT, seed)
        yield typists.make(COUNT, seed + 200)


SETS: Mapping[str, tuple[Callable[[], Iterator[Labelled]], str]] = {
    "person": (_persons, "persons of evidence_sets, and of evidence_training.typists"),
    "company": (lambda: (companies.make(COUNT, seed) for seed in SEEDS), "companies of evidence_sets"),
    "product": (lambda: (products.make(COUNT, seed) for seed in SEEDS), "products of evidence_sets"),
}
"""By entity, the sets that its weights are learnt from, and what the file says of them."""


def main() -> None:
    """Write a file for each entity."""
    for entity_type in sys.argv[1:] or SETS:
        sets, described = SETS[entity_type]
        origin = f"{described}, seeds {SEEDS.start} to {SEEDS.stop - 1}, {COUNT} each"
        (weights.FOLDER / f"{entity_type}.json").write_text(learn(entity_type, list(sets()), origin).text(), "utf-8")
        sys.stdout.write(f"{entity_type}\n")


if __name__ == "__main__":
    main()
