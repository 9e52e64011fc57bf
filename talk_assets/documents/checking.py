"""Whether what a document promises is in place: every section covered by a pair, and the pair in sync.

What the document means is decided in `labels`, how far a pair is in `sync.report`; here the two meet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talk_assets.config.wiring import Wiring
from talk_assets.documents import labels
from talk_assets.documents.labels import Resolved, Vocabulary
from talk_assets.documents.parsing import Document, read
from talk_assets.errors import ConfigurationError
from talk_assets.model import lint
from talk_assets.model.dataflows import Pair
from talk_assets.model.lint import Finding
from talk_assets.model.system import System
from talk_assets.report import overview
from talk_assets.report.overview import PairStatus
from talk_assets.store.transaction import Transaction
from talk_assets.sync import runs
from talk_assets.systems import SYSTEMS, SystemSettings, all_dataflows


@dataclass(frozen=True)
class CheckProgress:
    """How far a pair is.

    `parted` are records on the left whose record on the right was deleted, `unread` the collections that were never
    read in full.
    """

    status: PairStatus
    parted: int
    unread: tuple[str, ...]

    @property
    def alone(self) -> int:
        """Records on the left that have none on the right and should."""
        return self.status.left_records - self.status.linked - self.parted

    @property
    def in_sync(self) -> bool:
        """Whether nothing is left to do for anybody."""
        return not (self.unread or self.alone or self.status.waiting or self.status.held)


@dataclass(frozen=True)
class Section:
    """A section, the pair it means, why it is not covered, and how far the pair is where it is."""

    section: str
    pair: Pair | None
    reason: str | None
    progress: CheckProgress | None

    @property
    def in_place(self) -> bool:
        """Whether it is covered and in sync."""
        return self.progress is not None and self.progress.in_sync


@dataclass(frozen=True)
class Checked:
    """A file: what it is titled and its sections, or the problem why it could not be read."""

    file: str
    title: str | None
    sections: tuple[Section, ...]
    problem: str | None = None

    @property
    def in_place(self) -> bool:
        """Whether all of it is."""
        return self.problem is None and all(section.in_place for section in self.sections)


@dataclass(frozen=True)
class Result:
    """What `check` found; `latest` is the latest run as `runs.last` has it."""

    findings: tuple[Finding, ...]
    documents: tuple[Checked, ...]
    latest: dict[str, Any] | None

    @property
    def in_place(self) -> bool:
        """Whether nothing is wrong anywhere."""
        return not self.findings and all(document.in_place for document in self.documents)


def check(wiring: Wiring, files: Sequence[Path]) -> Result:
    """Check files, and the lenses that they are about. A file that is no document is reported in the result."""
    systems = _systems(wiring)
    documents = [_read(file) for file in files]
    declared = [pair for dataflow in all_dataflows() for pair in dataflow.pairs]
    pairs = list(dict.fromkeys([*wiring.pairs, *declared]))
    resolved = {
        file: labels.resolve(found, [_known(system) for system in systems.values()], pairs)
        for file, found in zip(files, documents, strict=True)
        if isinstance(found, Document)
    }
    with wiring.reading() as transaction:
        last = runs.last(transaction).to_dicts()
        progress = _progress(wiring, transaction)
    return Result(
        tuple(lint.findings(_collections(systems), pairs)),
        tuple(
            Checked(str(file), None, (), found)
            if isinstance(found, str)
            else Checked(str(file), found.title, tuple(_section(one, progress) for one in resolved[file]))
            for file, found in zip(files, documents, strict=True)
        ),
        last[0] if last else None,
    )


def _read(file: Path) -> Document | str:
    try:
        return read(file)
    except ConfigurationError as error:
        return str(error)


def _systems(wiring: Wiring) -> dict[str, System]:
    """Every system there is: a document may be about one that is switched off."""
    settings = wiring.config.systems
    every = {name: known.build(settings.get(name, SystemSettings())) for name, known in SYSTEMS.items()}
    return every | dict(wiring.systems)


def _known(system: System) -> Vocabulary:
    collections = tuple(one.name for one in system.collections)
    return Vocabulary(system.name, system.label, collections, labels.ALSO.get(system.name, ()))


def _collections(systems: dict[str, System]) -> dict[str, Any]:
    return {f"{name}/{one.name}": one for name, system in systems.items() for one in system.collections}


def _progress(wiring: Wiring, transaction: Transaction) -> dict[Pair, CheckProgress]:
    found = overview.pairs(transaction, wiring.topologies.values(), wiring.pairs)
    full = overview.read_in_full(transaction)
    return {
        pair: CheckProgress(
            status,
            overview.parted(transaction, wiring.collections[pair.left].entity.name, pair),
            tuple(key for key in (pair.left, pair.right) if key not in full),
        )
        for pair, status in zip(wiring.pairs, found, strict=True)
    }


def _section(resolved: Resolved, progress: dict[Pair, CheckProgress]) -> Section:
    pair = resolved.pair
    if pair is None:
        return Section(resolved.section, None, resolved.reason, None)
    if pair not in progress:
        reason = f"the pair {pair.left} → {pair.right} is switched off in talk.toml"
        return Section(resolved.section, pair, reason, None)
    return Section(resolved.section, pair, None, progress[pair])
