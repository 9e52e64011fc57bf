"""The four systems of a group of histories, with traits from a seed, and the people who work there."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import polars as pl

from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import company, person
from talk_assets.model.lens.lens import Email, Instant, Lens, OrganisationNumber, Ref, Text
from talk_assets.model.system import System
from talk_assets.operate.relinking import Record, Scene, link, unlink
from talk_assets.sync import guards
from talk_assets.sync.hub import Hub
from talk_assets.sync.merge import mass_edits
from talk_assets.sync.plan.permits import Permits
from talk_assets_tests.simulator.memory import LAG, MemoryCollection, system
from talk_assets_tests.simulator.script import Act, Doing, Setting
from talk_assets_tests.simulator.world import World

PAIRS = tuple(
    Pair(f"{left}/{name}", f"{right}/{name}") for name in ("people", "firms") for left, right in ("ab", "bc", "db")
)
"""A chain, and a second source for its middle; people refer to firms."""

SHORT = 12
"""Characters that system d keeps of a first name, as its lens knows."""


@dataclass(frozen=True)
class Word(Text):
    """Any text but what an API garbles."""

    anything = False
    right = "a text"

    def read(self, text: pl.Expr) -> pl.Expr:
        """What stands between a hash and an exclamation mark is no text."""
        return super().read(pl.when(~text.str.contains("^#.*!$")).then(text))


LENSES = {
    "people": Lens(
        email=Email("email"),
        first_name=Word("first_name"),
        job_title=Word("job_title"),
        company=Ref("firm", to="firms"),
    ),
    "firms": Lens(organisation_number=OrganisationNumber("number"), name=Word("name")),
}

KNOWING = "ac"
"""The systems that know firms' websites."""

KNOWN_FIRMS = Lens(organisation_number=OrganisationNumber("number"), name=Word("name"), website=Text("website"))

SHORT_PEOPLE = Lens(
    email=Email("email"),
    first_name=Word("first_name", max_length=SHORT),
    job_title=Word("job_title"),
    company=Ref("firm", to="firms"),
)


def capitals(name: str, value: str | None) -> str | None:
    """What system c makes of a value: capitals of a job title, and nothing of blanks around a name."""
    if value is None:
        return None
    return value.upper() if name == "job_title" else value.strip() if name == "name" else value


def short(name: str, value: str | None) -> str | None:
    """What system d makes of a value."""
    return value[:SHORT].rstrip() if name in {"first_name", "nick"} and value else value


def common(name: str, value: str | None) -> str | None:
    """What is left of a value when every system has had its way with it."""
    return short(name, capitals(name, value))


RENAMED = {
    owner: Lens(
        email=Email("email"),
        first_name=Word("nick", max_length=SHORT if owner == "d" else None),
        job_title=Word("job_title"),
        company=Ref("firm", to="firms"),
    )
    for owner in "abcd"
}
"""How people are read whose first names are in `nick`."""


def _lens(owner: str, name: str) -> Lens:
    if name == "firms" and owner in KNOWING:
        return KNOWN_FIRMS
    return SHORT_PEOPLE if (owner, name) == ("d", "people") else LENSES[name]


def _collection(world: World, key: str, rng: random.Random, skew: timedelta) -> MemoryCollection:
    """A collection with the traits of some API: versions, references, tombstones, answers, times, or none."""
    owner, name = key.split("/")
    optimistic_lock, tombstones = rng.random() < 0.5, rng.random() < 0.5
    dated = rng.random() < 0.85
    # What rewrites in a way that no lens knows must keep a reference, or nobody could tell a create from a stranger.
    referred = rng.random() < 0.7 or owner == "c"
    declared = Collection(
        name=name,
        entity={"people": person, "firms": company}[name],
        id="id",
        modified=Instant("modified") if dated else None,
        version="version",
        deleted="deleted" if tombstones else None,
        reference="ref" if referred else None,
        ignore=() if dated else ("modified",),
        optimistic_lock=optimistic_lock,
        bulk=1 if optimistic_lock else rng.choice([1, 70]),
        lens=_lens(owner, name),
    )
    memory = MemoryCollection(world, key, declared, tombstones=tombstones, skew=skew)
    memory.edited = tuple(declared.lens.columns)
    memory.also = ("nick",) if name == "people" else ()
    # Without an answer, a value that is rewritten in a way that no lens knows counts as an edit.
    memory.answers = rng.random() < 0.5 or owner == "c"
    memory.rewrite = {"c": capitals, "d": short}.get(owner, memory.rewrite)
    memory.whole_seconds = rng.random() < 0.3
    memory.lag = rng.choice([0, 0, LAG]) if dated else 0
    return memory


@dataclass
class Office:
    """The systems and who works there. `seed` is what the traits come from."""

    world: World
    seed: int
    setting: Setting = field(default_factory=Setting)
    memories: dict[str, MemoryCollection] = field(init=False)
    systems: Mapping[str, System] = field(init=False)

    def __post_init__(self) -> None:
        rng = random.Random(self.seed)
        skews = {name: timedelta(seconds=rng.choice([0, 0, 90, -3600])) for name in "abcd"}
        self.memories = {
            f"{name}/{kind}": _collection(self.world, f"{name}/{kind}", rng, skews[name])
            for name in "abcd"
            for kind in ("people", "firms")
        }
        self.configure(self.setting)
        self.world.people = self.carry_out

    def configure(self, setting: Setting) -> None:
        """Configure the sync otherwise from now on, and have the APIs show what they are to show."""
        self.setting = setting
        for key, memory in self.memories.items():
            owner, name = key.split("/")
            renamed = key in setting.renamed
            memory.collection = replace(memory.collection, lens=RENAMED[owner] if renamed else _lens(owner, name))
            memory.hides = tuple(one for one in setting.hidden if one.key == key)
        self.systems = {
            name: system(self.world, name, [self.memories[f"{name}/firms"], self.memories[f"{name}/people"]])
            for name in "abcd"
        }
        self.world.counts = self._counts

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs that are switched on."""
        return tuple(pair for pair in PAIRS if (pair.left, pair.right) not in self.setting.off)

    @property
    def permits(self) -> Permits:
        """What may be written."""
        return Permits(self.pairs, frozenset(p for p in self.pairs if (p.left, p.right) in self.setting.planned))

    def _counts(self, origin: str, key: str) -> bool:
        """Whether pairs in mode write connect two collections, or no pair at all: told without the hub's help."""
        pairs = [(pair.left, pair.right) for pair in self.pairs]
        writing = [pair for pair in pairs if pair not in self.setting.planned]
        named = {side for pair in pairs for side in pair}
        if not any(key in pair for pair in writing):
            return False
        if origin == key or origin not in named:
            return True
        together = key in _reached(origin, writing) or key not in _reached(origin, pairs)
        return together and any(origin in pair for pair in writing)

    def approve(self, hub: Hub) -> int:
        """Approve of what many records changed alike, if they hold it so; return how many changes were asked about."""
        with hub.store.transaction() as transaction:
            asked = transaction.frame(
                "SELECT collection, what FROM sync.pending_approvals WHERE approved IS DISTINCT FROM count"
            )
            for key, what in asked.iter_rows():
                way, _, field_ = what.partition(" ")
                ids = transaction.frame(
                    "SELECT id FROM sync.mass_edits WHERE collection = ? AND field = ?", key, field_
                )["id"]
                if all(self._is_held(key, id_, field_, blank=way == mass_edits.BLANK) for id_ in ids):
                    self.world.faults["approved by a person"] += 1
                    guards.approve(transaction, key)
        return asked.height

    def _is_held(self, key: str, id_: str, field_: str, *, blank: bool) -> bool:
        """Whether the record itself changed so, and not only what is shown of it."""
        memory = self.memories[key]
        (name,) = memory.collection.lens.sources(field_)
        if id_ not in memory.records:
            return True
        return not memory.is_hidden(id_, name) and (memory.records[id_][name] is None) == blank

    def carry_out(self, act: Act) -> None:
        """Do what somebody does, if there is a record for it."""
        memory = self.memories[act.where]
        values = self._resolved(act)
        if act.doing is Doing.CREATE:
            memory.employ(act.history, values)
            return
        trashed = act.doing in {Doing.RESTORE, Doing.REUSE}
        found = [id_ for id_ in (memory.graves if trashed else memory.records) if memory.history[id_] == act.history]
        if not found:
            return
        id_ = found[act.pick % len(found)]
        self.world.faults[NAMES[act.doing]] += 1
        match act.doing:
            case Doing.EDIT:
                memory.edit(id_, values)
            case Doing.DELETE:
                memory.delete(id_)
            case Doing.RESTORE:
                memory.restore(id_)
            case Doing.ARCHIVE:
                memory.archive(id_)
            case Doing.REUSE:
                memory.employ(act.history, values, found[-1])
            case Doing.COPY:
                memory.copy(act.history, values, id_, replaced=act.pick % 2 == 0)

    def decide(self, hub: Hub) -> int:
        """Say of what may be what the hub created whether it is; return how many records that was of."""
        count = 0
        for kind, topology in hub.topologies.items():
            with hub.store.transaction() as transaction:
                scene = Scene(topology, hub.topologies, self.world.clock(), hub.run, hub.new_id)
                doubtful = (
                    "SELECT collection, id FROM sync.held"
                    " WHERE entity_type = ? AND reason LIKE 'may be what was created%'"
                )
                for key, id_ in transaction.frame(doubtful, kind).iter_rows():
                    others = transaction.frame(
                        f"SELECT collection, id FROM {scene.links} WHERE entity_id = ? AND gone_at IS NULL",
                        self.world.made.get((key, id_)),
                    )
                    if others.is_empty():
                        unlink(transaction, scene, Record(key, id_))
                    else:
                        link(transaction, scene, Record(key, id_), Record(*others.row(0)))
                    self.world.faults["decided by a person"] += 1
                    count += 1
        return count

    def _resolved(self, act: Act) -> dict[str, str | None]:
        """What the system knows of the values, with a firm's id where `firm` counts through those of the history."""
        memory = self.memories[act.where]
        properties = (*memory.properties, *memory.also)
        values = {name: value for name, value in act.values if name in properties}
        pick = values.get("firm")
        if pick is not None:
            memory = self.memories[f"{act.where.split('/')[0]}/firms"]
            firms = [id_ for id_ in memory.records if memory.history[id_] == act.history]
            values["firm"] = firms[int(pick) % len(firms)] if firms else None
        return values


def _reached(start: str, pairs: Sequence[tuple[str, str]]) -> set[str]:
    """The collections that one is connected with."""
    reached: set[str] = set()
    new = {start}
    while new:
        reached |= new
        new = {side for pair in pairs if reached & set(pair) for side in pair} - reached
    return reached


NAMES = {
    Doing.EDIT: "edit",
    Doing.DELETE: "delete",
    Doing.RESTORE: "record that comes back",
    Doing.REUSE: "id used again",
    Doing.ARCHIVE: "record archived",
    Doing.COPY: "record copied",
}
"""What an act is counted as."""


def wiped(act: Act) -> Act:
    """The same act without values that can be left out, for a shorter history."""
    return replace(act, values=tuple((name, value) for name, value in act.values if name in {"email", "number"}))
