"""How the weights that ship are learnt: labelled records, their patterns of levels, and a regression over those.

    python -m talk_assets_tests.evidence_training [ENTITY …]

Persons are those of `evidence_sets.persons`, with and without keys, and the same persons as `typists` wrote them again;
companies and products are those of `evidence_sets`. All are of training seeds: figures are of other ones.
"""
