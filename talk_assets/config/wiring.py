"""What is configured, put together: the systems in use, their collections, the store and the hub over them.

Commands and the Dagster graph both start here. Nothing is opened before it is asked for, and nothing is decided here.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from talk_assets.config.configuration import FILE, Config, DataflowSettings, Mode
from talk_assets.config.messages import suggestion
from talk_assets.errors import ConfigurationError
from talk_assets.model import topology
from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import OnDelete, Pair
from talk_assets.model.entities import ENTITIES
from talk_assets.model.system import System
from talk_assets.model.topology import Topology
from talk_assets.store import tables
from talk_assets.store.database import Store
from talk_assets.store.transaction import Transaction
from talk_assets.sync.hub import Hub
from talk_assets.sync.plan.permits import Permits
from talk_assets.systems import SYSTEMS


@dataclass(frozen=True, eq=False)
class Wiring:
    """`config` with what follows from it. Systems and entities that no enabled pair needs are left out."""

    config: Config

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Every enabled pair, in the order in which people read them."""
        return tuple(pair for dataflow in self.config.dataflows for pair in dataflow.pairs)

    @cached_property
    def systems(self) -> Mapping[str, System]:
        """The systems that a pair needs, by name, in the order in which people read them."""
        needed = {side.partition("/")[0] for pair in self.pairs for side in (pair.left, pair.right)}
        return {name: SYSTEMS[name].build(settings) for name, settings in self.config.systems.items() if name in needed}

    @cached_property
    def topologies(self) -> Mapping[str, Topology]:
        """The entities that a pair needs, by name, parents before children."""
        topologies = self.topologies_of(self.pairs)
        self._check_archives({key: one for found in topologies.values() for key, one in found.collections.items()})
        return topologies

    def _check_archives(self, collections: Mapping[str, Collection]) -> None:
        """Where neither side of a pair can be archived, to ask for it is a mistake."""
        for pair in self.pairs:
            flagged = any(collections[side].archived for side in (pair.left, pair.right))
            if pair.on_delete is OnDelete.ARCHIVE and not flagged:
                message = (
                    f'{self.config.folder / FILE}: on_delete of {pair.left} and {pair.right} is "archive", but neither'
                    ' has a flag for that; it should be "keep" or "delete".'
                )
                raise ConfigurationError(message)

    def topologies_of(self, pairs: Iterable[Pair]) -> dict[str, Topology]:
        """Return the entities that some of the pairs need, by name, parents before children."""
        found = ((name, topology.of(entity, self.systems, pairs)) for name, entity in ENTITIES.items())
        return {name: one for name, one in found if one.collections}

    @cached_property
    def collections(self) -> Mapping[str, Collection]:
        """The collections that take part, by key, parents before children."""
        return {key: one for topology_ in self.topologies.values() for key, one in topology_.collections.items()}

    def permits(self, asked: Iterable[DataflowSettings]) -> Permits:
        """Return what may be written in a run that is about some dataflows: what is due to those in mode write."""
        names = {dataflow.name for dataflow in asked}
        every = self.config.dataflows
        return Permits(
            self.pairs,
            planned=frozenset(pair for one in every if one.mode is Mode.PLAN for pair in one.pairs),
            left_out=frozenset(pair for one in every if one.name not in names for pair in one.pairs),
            starts={pair: one.start_date for one in every if one.start_date for pair in one.pairs},
        )

    @cached_property
    def writable(self) -> frozenset[str]:
        """Keys of the collections that may be written to: a pair names them whose dataflow is in mode write."""
        return self.permits(self.config.dataflows).writable

    def collections_of(self, dataflows: Iterable[DataflowSettings]) -> frozenset[str]:
        """Return the keys of the collections that some of the dataflows need."""
        pairs = [pair for dataflow in dataflows for pair in dataflow.pairs]
        return frozenset(key for topology_ in self.topologies_of(pairs).values() for key in topology_.collections)

    def needed_by(self, dataflows: Iterable[DataflowSettings]) -> frozenset[str]:
        """Return the keys of the collections that must have been read once before some dataflows create records.

        Beside the dataflows' own, these are the other sides of pairs that lead to the same collections: the record that
        seems to be missing may be linked with one of theirs.
        """
        own = {pair.right for dataflow in dataflows for pair in dataflow.pairs}
        return frozenset(side for pair in self.pairs if pair.right in own for side in (pair.left, pair.right))

    def dataflows(self, names: Iterable[str]) -> tuple[DataflowSettings, ...]:
        """Return the dataflows of these names, all without one; raise ConfigurationError for one that is not there."""
        known = {dataflow.name: dataflow for dataflow in self.config.dataflows}
        wanted = tuple(names)
        for name in wanted:
            if name not in known:
                message = (
                    f"{name}: there is no such dataflow switched on{suggestion(name, known) or '.'}"
                    f" There are {', '.join(known) or 'none'}."
                )
                raise ConfigurationError(message)
        return tuple(known[name] for name in wanted) or self.config.dataflows

    def record(self, text: str) -> tuple[str, str]:
        """Return the collection's key and the id of `SYSTEM/COLLECTION/ID`; raise ConfigurationError for any other."""
        key = "/".join(text.split("/")[:2])
        id_ = text[len(key) + 1 :]
        if key not in self.collections:
            message = (
                f"{text}: there is no collection {key}{suggestion(key, self.collections) or '.'}"
                f" There are {', '.join(self.collections)}."
            )
            raise ConfigurationError(message)
        if not id_:
            message = f"{text}: names a collection; a record is {key}/ID."
            raise ConfigurationError(message)
        return key, id_

    def store(self) -> Store:
        """Return the database of the data folder, not opened yet."""
        return Store(self.config.database, patience=self.config.patience)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Open the database to read only; what was never read is empty, as is all before a first sync."""
        every = {f"{system.name}/{one.name}": one for system in self.systems.values() for one in system.collections}
        with self.store().reading(tables.of(every)) as transaction:
            yield transaction

    def hub(self, run: str) -> Hub:
        """Return the hub for one run."""
        hub = Hub(self.store(), self.systems, self.pairs, run=run, limits=self.config.limits)
        hub.evidence = self.config.evidence
        return hub
