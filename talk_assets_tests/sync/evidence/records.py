"""Records as evidence is given them: a frame with an id and a column per field, and what is weighed of them."""

from collections.abc import Mapping, Sequence

import polars as pl

from talk_assets.model.entities import ENTITIES
from talk_assets.store.database import Store
from talk_assets.sync.link.evidence import weighing

Values = Mapping[str, str]


def side(entity_type: str, name: str, records: Sequence[Values]) -> pl.DataFrame:
    """Return records as a frame; their ids are the letter of the side and their place, from 0."""
    names = ENTITIES[entity_type].names
    columns = {field: [record.get(field) for record in records] for field in names}
    ids = [f"{name[0]}{place}" for place in range(len(records))]
    return pl.DataFrame({f"{name}_id": ids, **columns}, schema=dict.fromkeys((f"{name}_id", *names), pl.String))


def weighed(entity_type: str, left: Sequence[Values], right: Sequence[Values], above: float = 0.0) -> pl.DataFrame:
    """Return what `weigh` returns."""
    frames = {name: side(entity_type, name, one) for name, one in (("left", left), ("right", right))}
    with Store(None).transaction() as transaction:
        relations = [
            transaction.temporary(f"{name}_side", "SELECT * FROM frame", frame=frame) for name, frame in frames.items()
        ]
        return weighing.weigh(transaction, ENTITIES[entity_type], relations[0], relations[1], above)


def paired(entity_type: str, left: Values, right: Values) -> tuple[float, str]:
    """Return the probability of one given pair, and its evidence."""
    entity = ENTITIES[entity_type]
    row = {"left_id": "l", "right_id": "r"}
    row |= {f"{name}_l": left.get(name) for name in entity.names}  # type: ignore[misc]
    row |= {f"{name}_r": right.get(name) for name in entity.names}  # type: ignore[misc]
    frame = pl.DataFrame([row], schema=dict.fromkeys(row, pl.String))
    with Store(None).transaction() as transaction:
        pairs = transaction.temporary("given", "SELECT * FROM frame", frame=frame)
        found = weighing.weigh_pairs(transaction, entity, pairs)
    return found["probability"].item(), found["evidence"].item()
