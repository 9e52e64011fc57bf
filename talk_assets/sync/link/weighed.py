"""Evidence in matching: it contradicts a key that agrees, and suggests an entity where no key agrees.

What is doubtful or suggested is held, with the pairs of which a person is asked in `sync.suggested`. They are weighed
again only when the held record or golden has changed; otherwise what was found then stands.
`evidence` says how pairs are weighed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from talk_assets.jsonframes import objects
from talk_assets.model.entities import Entity, Rule
from talk_assets.store import tables
from talk_assets.store.transaction import Relation, Transaction
from talk_assets.sync.link import keys
from talk_assets.sync.link.matches import Matches, doubted

DOUBTED = 0.5
"""The probability below which a pair whose key agrees is held: all its fields together speak against the key."""

BY_EVIDENCE = "evidence"
"""How a record was linked that evidence linked by itself."""

SUGGESTED = "no key agrees with another record, but the evidence says that it may be the same as one"
"""The reason of a record that is held because of evidence alone."""

AT_ONCE = 100_000
"""Pairs whose key agrees that are weighed at a time."""

ENTITIES = ("company", "person", "product")
"""The entities of which evidence is weighed."""

PAIR = {"collection": pl.String, "id": pl.String, "entity_id": pl.String, "other": pl.String}
SCHEMA = PAIR | {"probability": pl.Float64, "evidence": pl.String, "rule": pl.String, "best": pl.Boolean}
"""The columns of `sync.suggested`, beside the entity's name."""

WEIGHED = {"left_id": pl.String, "right_id": pl.String, "probability": pl.Float64, "evidence": pl.String}


@dataclass(frozen=True)
class Evidence:
    """How likely a pair must be to be suggested, and to be linked by itself; None for never."""

    suggest_above: float | None = None
    link_above: float | None = None

    @property
    def on(self) -> bool:
        """Whether anything is weighed."""
        return self.suggest_above is not None


OFF = Evidence()


class Weigher:
    """Weighs the unlinked records of one entity in one run; `finish` stores what a person is asked."""

    def __init__(self, transaction: Transaction, entity: Entity, incoming: Relation, evidence: Evidence) -> None:
        self._transaction = transaction
        self._entity = entity
        self._evidence = evidence
        self._pairs = [pl.DataFrame(schema=SCHEMA)]
        self._done: list[str] = []
        self._held: list[pl.DataFrame] = []
        self._stands = _stands(transaction, entity, self._mark)
        self._kept = _kept(transaction, entity, incoming) if self._stands else pl.DataFrame(schema=SCHEMA)
        self.doubted = self.suggested = 0

    @property
    def _mark(self) -> str:
        return f"{self._evidence.suggest_above} {self._evidence.link_above}"

    def doubt(self, matches: Matches, key: str, rule: Rule) -> None:
        """Hold the records that a rule has just matched against the evidence, with what contradicts it."""
        found = self._contradicted(matches, key, rule)
        if found.is_empty():
            return
        reasons = [
            doubted(self._entity, rule) if contradicted else _contradiction(rule, text)
            for contradicted, text in found.select("contradicted", "evidence").iter_rows()
        ]
        self._transaction.run(
            f"UPDATE {matches.decisions} d SET entity_id = NULL, reason = b.reason FROM rows b"
            " WHERE d.n = b.n AND d.entity_id = b.entity_id",
            rows=found.with_columns(pl.Series("reason", reasons, pl.String)),
        )
        self._note(found, key, rule.name)
        self.doubted += found.height

    def _contradicted(self, matches: Matches, key: str, rule: Rule) -> pl.DataFrame:
        """`n, id, entity_id, contradicted, probability, evidence` of what the rule matched, and is not the same.

        It is `contradicted` by the rule's own fields, or by all evidence.
        """
        golden = tables.golden(self._entity.name)
        others = [name for name in self._entity.names if name not in rule.fields]
        differs = " OR ".join(f'i."{name}" <> g."{name}"' for name in others)
        pairs = self._transaction.frame(
            f"""
            SELECT d.n, i.id, d.entity_id, {keys.contradiction(self._entity, rule, "i", "g")} AS contradicted
            FROM {matches.entities} d JOIN {matches.incoming} i USING (n)
            JOIN {golden} g USING (entity_id) WHERE d.linked_by = ? AND ({differs})
            """,
            rule.name,
        )
        kept = self._kept.filter((pl.col("collection") == key) & pl.col("entity_id").is_not_null())
        known = pairs.join(kept.select("id", "entity_id", "probability", "evidence"), on=["id", "entity_id"])
        new = pairs.join(kept, on=["id", "entity_id"], how="anti")
        weighed = pl.concat([known, self._weigh_pairs(matches, new)], how="vertical_relaxed")
        return weighed.filter(pl.col("contradicted") | (pl.col("probability") < DOUBTED))

    def _weigh_pairs(self, matches: Matches, pairs: pl.DataFrame) -> pl.DataFrame:
        found = [pairs.with_columns(pl.lit(0.0).alias("probability"), pl.lit("").alias("evidence")).clear()]
        found += [self._weigh_some(matches, some) for some in pairs.iter_slices(AT_ONCE) if some.height]
        return pl.concat(found)

    def _weigh_some(self, matches: Matches, pairs: pl.DataFrame) -> pl.DataFrame:
        from talk_assets.sync.link.evidence import weighing  # noqa: PLC0415 -- only where something is weighed

        both = ", ".join(f'i."{name}" AS "{name}_l", g."{name}" AS "{name}_r"' for name in self._entity.names)
        asked = self._transaction.temporary(
            "weighed_pairs",
            f"""
            SELECT p.n::VARCHAR AS left_id, p.entity_id AS right_id, {both} FROM pairs p
            JOIN {matches.incoming} i USING (n) JOIN {tables.golden(self._entity.name)} g USING (entity_id)
            """,
            pairs=pairs,
        )
        found = weighing.weigh_pairs(self._transaction, self._entity, asked)
        right = found.select(
            pl.col("left_id").cast(pl.Int64).alias("n"),
            pl.col("right_id").alias("entity_id"),
            "probability",
            "evidence",
        )
        return pairs.join(right, on=["n", "entity_id"])

    def suggest(self, matches: Matches, key: str) -> None:
        """Hold the records that nothing was decided on, and that may be the same as others, or link them by themselves.

        No record is suggested with one of its own system.
        """
        left = self._transaction.frame(
            f"SELECT f.n, f.id FROM {matches.fresh} f ANTI JOIN {matches.decisions} USING (n) ORDER BY n"
        )
        self._done.append(key)
        if left.is_empty() or self._evidence.suggest_above is None:
            return
        found = self._distinct(self._candidates(matches, key, left), key)
        if found.is_empty():
            return
        found = self._assigned(found)
        linked = self._link(matches, found)
        found = found.join(linked, on="n", how="anti").join(linked, on="right_id", how="anti")
        self._transaction.apply(
            f"INSERT INTO {matches.decisions} (n, reason) SELECT DISTINCT n, '{SUGGESTED}' FROM found", found=found
        )
        record = pl.col("right_id").str.contains("/")
        found = found.with_columns(
            pl.when(~record).then("right_id").alias("entity_id"), pl.when(record).then("right_id").alias("other")
        )
        self._note(found, key, None)
        self.suggested += found["n"].n_unique()

    def _quiet(self) -> bool:
        """Whether nothing has moved since evidence was weighed last, so that golden needn't be looked at."""
        noted = self._transaction.frame("SELECT version FROM sync.weighed WHERE entity_type = ?", self._entity.name)[
            "version"
        ].to_list()
        return self._stands and noted == [self._transaction.version()]

    def note_held(self, held: pl.DataFrame) -> None:
        """Take what is held of a collection now (`collection, id, fields`): it may be the same as other records."""
        self._held.append(held.select("collection", "id", "fields"))

    def _others(self, matches: Matches) -> str:
        """The SQL of what the records of the collection $1 of the system $2 could be the same as.

        It has `right_id` and a column per field: every entity without a record in the collection that has one in
        another system, and what is held in other systems.
        """
        names = ", ".join(f'"{name}"' for name in self._entity.names)
        linked = tables.links(self._entity.name)
        return f"""
            SELECT entity_id AS right_id, {names} FROM {tables.golden(self._entity.name)} g
            WHERE NOT EXISTS (SELECT 1 FROM {linked} l
                    WHERE l.entity_id = g.entity_id AND l.collection = $1 AND l.gone_at IS NULL)
                AND EXISTS (SELECT 1 FROM {linked} l
                    WHERE l.entity_id = g.entity_id AND l.gone_at IS NULL AND NOT starts_with(l.collection, $2 || '/'))
                AND NOT EXISTS (SELECT 1 FROM {matches.entities} d WHERE d.entity_id = g.entity_id)
            UNION ALL SELECT collection || '/' || id, {names} FROM waiting WHERE NOT starts_with(collection, $2 || '/')
        """

    def _waiting(self) -> pl.DataFrame:
        """`collection, id` and the fields of what is held: now, or in the last run where it wasn't looked at yet."""
        before = self._transaction.frame(
            "SELECT collection, id, fields FROM sync.held WHERE entity_type = ? AND fields IS NOT NULL",
            self._entity.name,
        ).filter(~pl.col("collection").is_in(self._done))
        held = pl.concat([before, *self._held])
        return pl.concat([held.drop("fields"), objects.decode(held["fields"], self._entity.names)], how="horizontal")

    def _candidates(self, matches: Matches, key: str, left: pl.DataFrame) -> pl.DataFrame:
        """`n, id, right_id, probability, evidence` of the pairs above the threshold, weighed now or before."""
        others, parameters, waiting = self._others(matches), (key, key.partition("/")[0]), self._waiting()
        stands = self._kept.filter((pl.col("collection") == key) & pl.col("rule").is_null()).select(
            "id", pl.coalesce("entity_id", "other").alias("right_id"), "probability", "evidence"
        )
        if stands.height:
            there = self._transaction.frame(
                f"SELECT right_id FROM ({others}) SEMI JOIN stands USING (right_id)",
                *parameters,
                waiting=waiting,
                stands=stands,
            )
            stands = stands.join(stands.join(there, on="right_id", how="anti"), on="id", how="anti")
        new, known = left.join(stands, on="id", how="anti"), left.join(stands, on="id")
        if new.is_empty():
            return known
        right = self._transaction.temporary("others", others, *parameters, waiting=waiting)
        return pl.concat([known, self._weigh(matches, new, right)])

    def _weigh(self, matches: Matches, left: pl.DataFrame, right: Relation) -> pl.DataFrame:
        found = pl.DataFrame(schema=WEIGHED)
        if self._transaction.count(f"SELECT count(*) FROM (FROM {right} LIMIT 1)"):
            from talk_assets.sync.link.evidence import weighing  # noqa: PLC0415 -- only where something is weighed

            names = ", ".join(f'i."{name}"' for name in self._entity.names)
            asked = self._transaction.temporary(
                "unmatched",
                f"SELECT n::VARCHAR AS left_id, {names} FROM {matches.incoming} i SEMI JOIN asked USING (n)",
                asked=left,
            )
            above = self._evidence.suggest_above or 0.0
            found = weighing.weigh(self._transaction, self._entity, asked, right, above).select(*WEIGHED)
        numbered = found.with_columns(pl.col("left_id").cast(pl.Int64).alias("n")).drop("left_id")
        return left.join(numbered, on="n").select("n", "id", "right_id", "probability", "evidence")

    def _distinct(self, found: pl.DataFrame, key: str) -> pl.DataFrame:
        """The pairs without those of which a person said that they are not the same."""
        said = self._transaction.frame(
            f"""
            WITH apart AS (
                SELECT record, other FROM sync.verdicts WHERE entity_type = $1 AND NOT same
                UNION SELECT other, record FROM sync.verdicts WHERE entity_type = $1 AND NOT same)
            SELECT substr(record, length($2) + 2) AS id, other AS right_id FROM apart
                WHERE starts_with(record, $2 || '/')
            UNION SELECT substr(record, length($2) + 2), l.entity_id FROM apart
                JOIN {tables.links(self._entity.name)} l ON l.collection || '/' || l.id = other
                WHERE starts_with(record, $2 || '/')
            """,
            self._entity.name,
            key,
        )
        return found.join(said, on=["id", "right_id"], how="anti")

    def _assigned(self, found: pl.DataFrame) -> pl.DataFrame:
        """The pairs with `best`, true for those of the best assignment of one record to one other."""
        from talk_assets.sync.link.evidence import assignment  # noqa: PLC0415 -- only where there is something

        pairs = found.select(pl.col("n").cast(pl.String).alias("left_id"), "right_id", "probability")
        best = assignment.best(pairs).select(
            pl.col("left_id").cast(pl.Int64).alias("n"), "right_id", pl.lit(value=True).alias("best")
        )
        return found.join(best, on=["n", "right_id"], how="left").with_columns(pl.col("best").fill_null(value=False))

    def _link(self, matches: Matches, found: pl.DataFrame) -> pl.DataFrame:
        """Link what is likely enough by itself; return `n, right_id` of that."""
        above = self._evidence.link_above
        if above is None:
            return found.clear().select("n", "right_id")
        sure = found.filter(pl.col("best") & (pl.col("probability") >= above) & ~pl.col("right_id").str.contains("/"))
        self._transaction.apply(
            f"INSERT INTO {matches.decisions} (n, entity_id, linked_by, evidence)"
            f" SELECT n, right_id, '{BY_EVIDENCE}', evidence FROM sure",
            sure=sure,
        )
        return sure.select("n", "right_id")

    def _note(self, found: pl.DataFrame, key: str, rule: str | None) -> None:
        missing = [name for name in ("other", "best") if name not in found.columns]
        rows = found.with_columns(
            *(pl.lit(None).cast(SCHEMA[name]).alias(name) for name in missing),
            pl.lit(key).alias("collection"),
            pl.lit(rule, pl.String).alias("rule"),
        )
        self._pairs.append(rows.select(*SCHEMA))

    def finish(self, keys: Sequence[str]) -> pl.DataFrame:
        """Store what a person is asked of the collections; return `entity_id` of what that concerns newly."""
        found, name = pl.concat(self._pairs), self._entity.name
        waiting = self._transaction.frame("SELECT collection, id FROM sync.held WHERE entity_type = ?", name)
        found = _once(found.join(waiting, on=["collection", "id"], how="semi"))
        before = self._transaction.frame("SELECT DISTINCT entity_id FROM sync.suggested WHERE entity_type = ?", name)
        self._transaction.run(
            "DELETE FROM sync.suggested WHERE entity_type = ? AND collection IN (SELECT unnest(?::VARCHAR[]))",
            name,
            list(keys),
        )
        rows = found.with_columns(pl.lit(name).alias("entity_type"))
        self._transaction.apply("INSERT INTO sync.suggested BY NAME SELECT * FROM rows", rows=rows)
        if not self._quiet():
            _note_state(self._transaction, self._entity, self._mark, any_=found.height > 0)
        after = found.select(pl.col("entity_id").drop_nulls().unique())
        return after.join(before, on="entity_id", how="anti")


def _once(pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs of two held records, each of which was suggested with the other one, once."""
    record = pl.concat_str("collection", "id", separator="/")
    ends = pl.when(pl.col("other").is_not_null()).then(pl.concat_list(record, "other").list.sort().list.join("|"))
    alone = pl.concat_str(record, "entity_id", pl.col("rule").fill_null(""), separator="|")
    return pairs.unique(pl.coalesce(ends, alone), keep="first", maintain_order=True)


def weigher(transaction: Transaction, entity: Entity, incoming: Relation, evidence: Evidence) -> Weigher | None:
    """Return what weighs the records of an entity, None where nothing is to be weighed."""
    return Weigher(transaction, entity, incoming, evidence) if evidence.on and entity.name in ENTITIES else None


def finish(transaction: Transaction, entity: Entity, weigher: Weigher | None, keys: Sequence[str]) -> pl.DataFrame:
    """Store what a person is asked of the collections; return `entity_id` of what that concerns newly.

    Without a weigher nobody is asked any longer.
    """
    if weigher:
        return weigher.finish(keys)
    if transaction.count("SELECT count(*) FROM sync.suggested WHERE entity_type = ?", entity.name):
        for table in ("suggested", "weighed"):
            transaction.run(f"DELETE FROM sync.{table} WHERE entity_type = ?", entity.name)
    return pl.DataFrame(schema={"entity_id": pl.String})


def _contradiction(rule: Rule, evidence: str) -> str:
    from talk_assets.sync.link.evidence import words  # noqa: PLC0415 -- only where something is doubted

    against = words.against(evidence)
    return f"the same {rule.name}, but {against}" if against else f"the same {rule.name}, but little else is the same"


def _kept(transaction: Transaction, entity: Entity, incoming: Relation) -> pl.DataFrame:
    """What was weighed before and stands, as the held record is as it was then."""
    found = transaction.frame(f"SELECT {', '.join(SCHEMA)} FROM sync.suggested WHERE entity_type = ?", entity.name)
    now = transaction.frame(
        f"SELECT i.*, h.fields FROM {incoming} i JOIN sync.held h ON h.collection = i.collection AND h.id = i.id"
        " WHERE NOT i.deleted"
    )
    same = now.filter(objects.encode(now.select(entity.names)) == now["fields"])
    return found.join(same.select("collection", "id"), on=["collection", "id"], how="semi")


def _stands(transaction: Transaction, entity: Entity, mark: str) -> bool:
    """Whether golden is as it was when evidence was weighed last, which is looked at where anything has moved since."""
    noted = transaction.frame("SELECT version, state FROM sync.weighed WHERE entity_type = ?", entity.name)
    if noted.is_empty() or not noted["state"][0].startswith(f"{mark} "):
        return False
    return bool(noted["version"][0] == transaction.version()) or noted["state"][0] == _state(transaction, entity, mark)


def _state(transaction: Transaction, entity: Entity, mark: str) -> str:
    """The thresholds and what golden is, as a text that is another where golden is."""
    names = ", ".join(f'"{name}"' for name in entity.names)
    hashed = transaction.frame(
        f"SELECT count(*) || ' ' || coalesce(bit_xor(hash(entity_id, {names})), 0) FROM {tables.golden(entity.name)}"
    ).item()
    return f"{mark} {hashed}"


def _note_state(transaction: Transaction, entity: Entity, mark: str, *, any_: bool) -> None:
    """Note what golden is, where anything waits that was weighed against it."""
    transaction.run("DELETE FROM sync.weighed WHERE entity_type = ?", entity.name)
    if any_:
        transaction.run(
            "INSERT INTO sync.weighed VALUES (?, ?, ?)",
            entity.name,
            transaction.version(),
            _state(transaction, entity, mark),
        )
