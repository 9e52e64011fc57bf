"""Ids of entities: a UUID of version 8 (RFC 9562), named after its first record.

The same first record gives the same entity id again, so that whoever lost what was stored finds together what belongs
together. `of_first_record` and `first_record_sql` are one function in two languages; what else an id is made of belongs
here too.
"""

import hashlib
import uuid
from collections.abc import Callable

OURS = "[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
"""The pattern of every id that we give, for references that somebody else wrote into the same property."""


def named(name: str) -> str:
    """Return the id of this name."""
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) % 4]
    return f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:]}"


def named_sql(name: str) -> str:
    """Return the SQL of `named` for the SQL of a name."""
    return (
        f"regexp_replace(translate(substr(md5({name}), 17, 1), '0123456789abcdef', '89ab89ab89ab89ab') || md5({name}),"
        r" '^(.)(.{8})(.{4}).(.{3}).(.{3})(.{12})$', '\2-\3-8\4-\1\5-\6')"
    )


def of_first_record(key: str, id_: str) -> str:
    """Return the id of the entity whose first record is `system/collection/id`."""
    return named(f"{key}/{id_}")


def first_record_sql(key: str, id_: str) -> str:
    """Return the SQL of `of_first_record` for the SQL of the collection's key and of the record's id."""
    return named_sql(f"{key} || '/' || {id_}")


NewId = Callable[[], str]
"""Gives an id that nobody has yet: the one source of those that are not named after anything, for a run or an act."""


def new_id() -> str:
    """Return a random id."""
    return str(uuid.uuid4())


def unnamed(source: NewId) -> str:
    """Return an entity id that nothing leads to, for a record whose own one belongs to an entity that it left."""
    return named(source())
