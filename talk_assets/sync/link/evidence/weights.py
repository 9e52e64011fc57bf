"""What each level weighs: learnt from labelled records, and shipped as JSON beside this module.

A weight is in bits: one bit doubles the odds that two records are the same. The sets that the weights were learnt from,
and the rules that made them, are in `talk_assets_tests.evidence_sets` and `talk_assets_tests.evidence_training`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "weights"


@dataclass(frozen=True)
class Weights:
    """`prior` in bits is of a pair that blocking found among `records` on the larger side.

    `bits` are by comparison and level; `chance` is how often two that are not the same have that level.
    """

    prior: float
    records: int
    bits: Mapping[str, Mapping[str, float]]
    chance: Mapping[str, Mapping[str, float]]
    origin: str = ""

    def weight(self, comparison: str, level: str) -> float:
        """Return the bits of a level; one that was never seen weighs nothing."""
        return self.bits.get(comparison, {}).get(level, 0.0)

    def by_chance(self, comparison: str, level: str) -> float:
        """Return how often a level is met by chance."""
        return self.chance.get(comparison, {}).get(level, 0.01)

    def text(self) -> str:
        """Return them as `of` reads them."""
        bits = {name: {level: round(one, 2) for level, one in levels.items()} for name, levels in self.bits.items()}
        chance = {
            name: {level: float(f"{one:.3g}") for level, one in levels.items()} for name, levels in self.chance.items()
        }
        known = {"origin": self.origin, "prior": round(self.prior, 2), "records": self.records}
        return json.dumps({**known, "bits": bits, "chance": chance}, indent=2, ensure_ascii=False) + "\n"


def read(text: str) -> Weights:
    """Return the weights that a JSON text holds; raise KeyError or ValueError where it holds none."""
    found = json.loads(text)
    return Weights(found["prior"], found["records"], found["bits"], found["chance"], found.get("origin", ""))


@cache
def of(entity_type: str) -> Weights:
    """Return the shipped weights of an entity."""
    return read((FOLDER / f"{entity_type}.json").read_text("utf-8"))
