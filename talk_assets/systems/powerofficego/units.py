"""Units of measure: the codes that PowerOffice Go has, and the words that people use for them.

To have another word understood, add it to `ALSO`.
"""

from dataclasses import dataclass

import polars as pl

from talk_assets.model.entities import Kind
from talk_assets.model.lens.lens import Choice

WORDS = {
    "EA": "stk",
    "HUR": "time",
    "DAY": "dag",
    "WEE": "uke",
    "MON": "måned",
    "QAN": "kvartal",
    "ANN": "år",
    "KGM": "kg",
    "GRM": "g",
    "HGM": "hg",
    "TNE": "tonn",
    "LBR": "pund",
    "MTR": "meter",
    "KMT": "km",
    "DMT": "dm",
    "CMT": "cm",
    "MMT": "mm",
    "LM": "løpemeter",
    "FOT": "fot",
    "MTK": "m²",
    "KMK": "km²",
    "FTK": "kvadratfot",
    "DAA": "dekar",
    "H18": "hektar",
    "MTQ": "m³",
    "LM3": "lm³",
    "FM3": "fm³",
    "LTR": "liter",
    "HLT": "hl",
    "DLT": "dl",
    "MLT": "ml",
    "KWH": "kWh",
    "MWH": "MWh",
    "MJ": "MJ",
    "E14": "kcal",
    "E34": "GB",
    "E35": "TB",
    "BX": "eske",
    "NL": "lass",
    "XRO": "rull",
    "XBA": "tønne",
    "XPL": "spann",
    "XPC": "kolli",
    "PR": "par",
    "XCI": "boks",
    "XCA": "firkantet boks",
    "XBG": "pose",
    "SET": "sett",
    "XTY": "tank",
    "XOF": "pall",
    "XPK": "pakke",
    "XFL": "flaske",
    "XBE": "bunt",
    "E54": "tur",
    "AK": "favn",
    "XCR": "kasse",
    "J57": "fat",
    "XJG": "kanne",
    "XCT": "kartong",
    "XSA": "sekk",
    "XTU": "tube",
    "XCN": "konteiner",
    "NAR": "antall",
    "M4": "beløp",
    "XVQ": "bulk",
    "P1": "prosent",
    "MFU": "FEm",
}
"""A word for each code."""

ALSO = {
    "stk.": "EA",
    "stykk": "EA",
    "pcs": "EA",
    "piece": "EA",
    "each": "EA",
    "t": "HUR",
    "timer": "HUR",
    "hour": "HUR",
    "h": "HUR",
    "dager": "DAY",
    "day": "DAY",
    "kilo": "KGM",
    "kilogram": "KGM",
    "gram": "GRM",
    "m": "MTR",
    "m2": "MTK",
    "kvm": "MTK",
    "m3": "MTQ",
    "l": "LTR",
    "pk": "XPK",
    "%": "P1",
}
"""Other words, in lower case."""


@dataclass(frozen=True)
class Unit(Choice):
    """A unit of measure; a word that none of the codes stands for is not written."""

    kinds = frozenset({Kind.TEXT})

    def write(self, value: pl.Expr) -> pl.Expr:
        """The code of a word, whatever its case, or of itself."""
        codes = {**{code.lower(): code for code in self.values}, **self.folds}
        codes |= {word.lower(): code for code, word in self.values.items()}
        return value.str.to_lowercase().replace_strict(
            list(codes), list(codes.values()), default=None, return_dtype=pl.String
        )


def unit(name: str) -> Unit:
    """The property that holds a unit."""
    return Unit(name, WORDS, folds=ALSO)
