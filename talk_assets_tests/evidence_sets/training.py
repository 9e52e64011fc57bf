"""Learn the weights that ship, and write them where the product reads them.

    python -m talk_assets_tests.evidence_sets.training

They come from labelled sets of the training seeds alone; figures are of another seed.
"""

import sys
from collections import defaultdict

from talk_assets.sync.link.evidence import weights
from talk_assets.sync.link.evidence.levels import LEVELS
from talk_assets.sync.link.evidence.weights import Weights
from talk_assets_tests.evidence_sets.learnt import trained


def learn(entity_type: str) -> Weights:
    """Return the weights of an entity as they are learnt."""
    found = trained(entity_type)
    bits: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for (name, level), one in found.bits.items():
        bits[name][level] = one
    return Weights(found.prior, dict(bits))


def main() -> None:
    """Write a file for each entity."""
    for entity_type in LEVELS:
        (weights.FOLDER / f"{entity_type}.json").write_text(learn(entity_type).text(), "utf-8")
        sys.stdout.write(f"{entity_type}\n")


if __name__ == "__main__":
    main()
