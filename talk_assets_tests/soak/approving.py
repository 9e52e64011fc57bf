"""What a person does about edits that a safety limit stopped: looks into the system, and approves what is really so."""

from collections.abc import Iterator
from contextlib import suppress

from talk_assets.errors import NothingToDo
from talk_assets.operate.actions import Acting
from talk_assets.sync.merge import mass_edits
from talk_assets_tests.soak.shelves import LINES, NOTHING, Raw, dotted, records
from talk_assets_tests.soak.village import Village


def approved(village: Village) -> int:
    """Approve while no sync runs; return of how many collections.

    A collection is left as it is where a field is blank in a list alone, and not in the record.
    """
    with village.look() as transaction:
        asked = transaction.frame(
            "SELECT DISTINCT collection FROM sync.pending_approvals WHERE approved IS DISTINCT FROM count ORDER BY ALL"
        )["collection"].to_list()
        blank = transaction.frame(
            "SELECT collection, id, field FROM sync.mass_edits WHERE way = ?", mass_edits.BLANK
        ).rows()
    doubtful = {key for key, id_, field in blank if not all(_blank(village, key, id_, field))}
    right = [key for key in asked if key not in doubtful]
    with suppress(NothingToDo):
        Acting(village.wiring).approve(right)
    return len(right)


def _blank(village: Village, key: str, id_: str, field: str) -> Iterator[bool]:
    """Whether the record has nothing where the field is read from, property by property; so where it is gone."""
    raw = records(village.sandbox, key).get(id_)
    for name in village.wiring.collections[key].lens.sources(field) if raw else ():
        yield _nothing(village, key, raw or {}, id_, name)


def _nothing(village: Village, key: str, raw: Raw, id_: str, name: str) -> bool:
    """A property that the API has in a collection of its own is blank where no record there belongs to this one."""
    for part in village.wiring.collections[key].parts:
        if part.property == name:
            lines = f"{key.partition('/')[0]}/{part.of}"
            return not any(str(one[LINES[lines][1]]) == id_ for one in records(village.sandbox, lines).values())
    found = dotted(raw, name)
    return found == [] or found in NOTHING
