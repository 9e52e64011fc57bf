"""What each level weighs, in bits: learnt from labelled records, and shipped as JSON beside this module.

The labelled sets and the rules that made them are in `talk_assets_tests.evidence_sets`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "weights"


@dataclass(frozen=True)
class Weights:
    """`prior` is known before anything is compared; `bits` are by comparison and level. A bit doubles the odds."""

    prior: float
    bits: Mapping[str, Mapping[str, float]]

    def text(self) -> str:
        """Return them as `of` reads them."""
        rounded = {
            name: {level: round(bits, 2) for level, bits in levels.items()} for name, levels in self.bits.items()
        }
        return json.dumps({"prior": round(self.prior, 2), "bits": rounded}, indent=2, sort_keys=True) + "\n"


@cache
def of(entity_type: str) -> Weights:
    """Return the shipped weights of an entity."""
    found = json.loads((FOLDER / f"{entity_type}.json").read_text("utf-8"))
    return Weights(found["prior"], found["bits"])
