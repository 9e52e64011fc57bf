"""The agreed words with their meanings, and the words that were dropped, each with what to write instead.

Add a word to `GLOSSARY` when people meet it in a message, a page or a table. Add a pattern to `DROPPED` when the word
is no longer to be used: the tests then refuse it in every page that is written by hand, and in the messages, docstrings
and comments of the package.
"""

import re
from collections.abc import Mapping

SEVEN = {
    "system": "One connection to one business system: base URL, credentials, rate limit, collections.",
    "collection": "One type of record in one system, as `webcrm/persons`.",
    "record": "One row of a collection, identified by the id that its system gave it: `webcrm/persons/1`.",
    "entity": "What linked records describe: one person, company, product, order or project.",
    "lens": "The two-way mapping between the properties of a collection and the fields of an entity.",
    "golden": "The agreed value of each field of an entity, with when and in which record it was set.",
    "change": "What must be written to one collection so that it agrees with golden: a create, an update or a delete.",
}
"""The words on which everything rests."""

GLOSSARY = SEVEN | {
    "field": "One value of an entity, as `email`. A property is how one system stores it, as `PersonEmail`.",
    "pair": "Two collections: every record of the left one has a record in the right one.",
    "dataflow": "The pairs between two systems. It has a mode, `plan` or `write`.",
    "link": "The tie between a record and its entity. It never moves by itself.",
    "held": "A record or change that needs a decision by a person, with the reason. `talk held` lists them.",
    "waiting": "A change that is sent as soon as something else exists, with the reason.",
    "conflict": "A field that was edited in several systems: the value that won, and those that lost.",
    "seen": "The value that a system last showed. A person edited the record if its value differs from seen.",
    "sent": "The golden value that a record is up to date with. The record needs a write if golden differs from sent.",
    "journal": "Every write with its intent, its answer, and the values before and after; and every edit.",
    "run": "One sync, from reading to writing, with an id. `talk undo` takes a run back.",
    "run lock": "The lock that lets one process at a time sync a data folder.",
    "full read": "A read of every record of a collection, which also detects deleted records.",
    "safety limit": "A limit beyond which a run sends nothing to a collection until a person runs `talk approve`.",
    "reconcile": "To link, merge and plan the records of one entity that changed.",
    "data folder": "The folder with `talk.toml`, `dagster.yaml` and the databases; `DAGSTER_HOME` names it.",
    "sandbox": "The emulated systems on your machine, served over HTTP with generated data.",
}
"""Every agreed word, those on which everything rests first."""

DROPPED: Mapping[str, str] = {
    r"found(?:s|ed|er|ers|ing)": "create, first record",
    r"settl(?:e|es|ed|ing)": "reconcile",
    r"decided? about": "evaluate, reconcile, or the verb of what is done",
    r"strangers?": "unlinked record",
    r"recogni[sz](?:e|es|ed|ing)": "match by reference",
    r"rejoin(?:s|ed|ing)?": "match by origin",
    r"misfits?": "invalid value",
    r"set aside": "quarantined",
    r"sweeps?": "full read",
    r"absorb(?:s|ed|ing)?": "reconcile",
    r"glances?": "probe",
    r"(?:taken|told|tells?) apart": "parsed, distinguished",
    r"spell(?:s|ed|ing|ings)?|misspelt|misspelled": "serialised, written",
    r"bur(?:y|ies|ied)": "reap dead runs",
    r"(?:its|their|the|a) turn": "run lock",
    r"told": "name who says it, or write it in the active voice",
    r"in step": "in sync",
    r"waits? for a person": "needs review",
    r"let(?:s|ting)? go(?: on)?": "approve",
    r"stands? by itself": "is unlinked",
    r"as they were": "unchanged, restored",
    r"little_held": "held_backlog",
    r"fresh_and_as_declared": "fresh_and_valid",
    r"sides_agree": "in_sync",
}
"""Patterns of whole words that no page may contain, whatever their case, and what to write instead."""


def dropped(text: str) -> list[tuple[str, str]]:
    """Return each dropped word in a text, in order, with what to write instead."""
    return [
        (hit.group(), instead)
        for pattern, instead in DROPPED.items()
        for hit in re.finditer(rf"\b(?:{pattern})\b", text, re.IGNORECASE)
    ]


def table() -> str:
    """Return the glossary as a Markdown table."""
    rows = [f"| **{word}** | {meaning} |" for word, meaning in GLOSSARY.items()]
    return "\n".join(["| word | meaning |", "| --- | --- |", *rows]) + "\n"
