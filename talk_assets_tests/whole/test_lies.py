"""A system that answers with nothing, with half, with something else or with yesterday's state.

Nothing is deleted and nothing overwritten, and one line says what is the matter. What a system really holds does not
change in these tests, so that those of one system share a firm, and the next one shows that all is as it was.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest

from talk_assets.errors import SystemFailure
from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import Pair
from talk_assets.sandbox.serving import serving
from talk_assets.store.database import Store
from talk_assets.sync.guards import Limits
from talk_assets.sync.read.backwards import OLDER
from talk_assets_tests.whole.firm import Firm
from talk_assets_tests.whole.front import Asked, Front, Lie, Record, front, honest

PAGE_FOR_PEOPLE = b"<!doctype html><title>Sign in</title><form>Who are you?</form>"


@dataclass(frozen=True)
class Liar:
    """A system that lies about a collection, the pair in which it does, and what the API calls things."""

    key: str
    pair: Pair
    shelf: str
    id: str
    name: str

    @property
    def system(self) -> str:
        return self.key.partition("/")[0]

    @property
    def other(self) -> str:
        return next(side for side in (self.pair.left, self.pair.right) if side != self.key)


ERP_PRODUCT, GO_PRODUCT = "customerp/product", "powerofficego/product"
SUPPLIERS = Pair("poweroffice/supplier", "poweroffice_peer/customer")
LIARS = [
    Liar("webcrm/products", Pair("webcrm/products", ERP_PRODUCT), "Products", "ProductId", "ProductCustom2"),
    Liar(ERP_PRODUCT, Pair("webcrm/products", ERP_PRODUCT), "products", "id", "name"),
    Liar(GO_PRODUCT, Pair(ERP_PRODUCT, GO_PRODUCT), "Products", "Id", "Name"),
    Liar("customwebshop/product", Pair(GO_PRODUCT, "customwebshop/product"), "products", "id", "name"),
    Liar("crmoffice/companies", Pair("crmoffice/companies", ERP_PRODUCT), "companies", "id", "name"),
    Liar(SUPPLIERS.left, SUPPLIERS, "supplier", "id", "name"),
    Liar(SUPPLIERS.right, SUPPLIERS, "customer", "id", "name"),
]


@dataclass
class Deceived(Firm):
    """A firm whose systems are behind a front, where one of them lies."""

    front: Front = field(kw_only=True)
    liar: Liar = field(kw_only=True)

    def base_url(self, name: str) -> str:
        return self.front.url(name)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.hub.limits = Limits()

    @property
    def collection(self) -> Collection:
        """What the liar lies about."""
        return self.hub.systems[self.liar.system].collection(self.liar.key.partition("/")[2])

    @contextmanager
    def lied_to(self, lie: Lie, absent: Callable[[str], bool] = lambda _: False) -> Iterator[None]:
        """The lists of the liar are altered, and single records may be absent."""
        prefix = f"/{self.liar.system}/"
        self.front.lie = lambda asked, records: lie(asked, records) if asked.path.startswith(prefix) else records
        self.front.absent = lambda path: path.startswith(prefix) and absent(path.rstrip("/").rpartition("/")[2])
        try:
            yield
        finally:
            self.front.lie, self.front.absent = honest, lambda _: False

    def known(self) -> list[Record]:
        """What the hub holds to be true."""
        entity = self.collection.entity.name
        with self.store.transaction() as transaction:
            return [
                row
                for table in ("links", "golden")
                for row in transaction.frame(f'SELECT * FROM "{entity}".{table} ORDER BY ALL').to_dicts()
            ]

    def everything(self) -> list[Record]:
        """What both systems hold, and what the hub makes of it."""
        other = next(liar for liar in LIARS if liar.key == self.liar.other)
        held = [record for one in (self.liar, other) for record in self.sandbox.records(one.system, one.shelf)]
        return [*held, *self.known(), {"held": self.held()}]

    def failure(self, *, full: bool) -> str:
        """The one line with which reading the liar fails."""
        with pytest.raises(SystemFailure) as raised:
            asyncio.run(self.hub.read(self.liar.system, full=full))
        (line,) = str(raised.value).splitlines()
        return line

    def linked(self) -> list[str]:
        """The ids of the liar's records that have their other in the pair."""
        linked = f'"{self.collection.entity.name}".links'
        with self.store.transaction() as transaction:
            found = transaction.frame(
                f"SELECT id FROM {linked} WHERE collection = ?"
                f" AND entity_id IN (SELECT entity_id FROM {linked} WHERE collection = ?) ORDER BY id",
                self.liar.key,
                self.liar.other,
            )
        return found["id"].to_list()

    def edit_name(self, name: str) -> None:
        """Somebody gives another name to one of the liar's records that have their other in the pair."""
        modified = self.collection.modified
        assert modified
        self.later()
        edited = {self.liar.name: name, modified.property: None}
        self.sandbox.edit(self.liar.system, self.liar.shelf, self.linked()[0], edited)

    def older(self) -> list[str]:
        """The lines about records that show an older state."""
        return [one["reason"] for one in self.held() if one["reason"].startswith(OLDER)]


@pytest.fixture(
    scope="module",
    params=[liar if n % 6 == 0 else pytest.param(liar, marks=pytest.mark.thorough) for n, liar in enumerate(LIARS)],
    ids=[liar.key for liar in LIARS],
)
def shared(request: pytest.FixtureRequest) -> Iterator[Deceived]:
    liar: Liar = request.param
    with serving(records=60) as sandbox, front(sandbox.root) as before, httpx.Client() as http:
        firm = Deceived(sandbox, Store(None), http, [liar.pair], front=before, liar=liar)
        firm.sync()
        firm.sync()
        yield firm


@pytest.fixture
def firm(shared: Deceived) -> Iterator[Deceived]:
    """A firm in sync, where a full read finds nothing to do when the test has ended."""
    yield shared
    assert shared.sync(full=True).written == {}


def empty(asked: Asked, records: list[Record]) -> list[Record]:
    """Nothing, unless asked for by id."""
    return records if asked.by_id else []


def half(asked: Asked, records: list[Record]) -> list[Record]:
    """Half of it, with no sign that there is more, unless asked for by id."""
    return records if asked.by_id else records[: len(records) // 2]


@pytest.mark.parametrize(
    ("lie", "full"),
    [
        (empty, False),
        (half, True),
        *(pytest.param(*one, marks=pytest.mark.thorough) for one in ((empty, True), (half, False))),
    ],
)
def test_a_list_without_records_that_a_look_up_shows_deletes_nothing(firm: Deceived, lie: Lie, *, full: bool) -> None:
    before = firm.everything()
    with firm.lied_to(lie):
        synced = firm.sync(full=full)
    assert synced.reads[firm.liar.key].deleted == 0
    assert synced.written == {}
    assert firm.everything() == before


HIDDEN: list[Callable[[str], bool]] = [lambda id_: True, lambda id_: sum(id_.encode()) % 4 > 0]


@pytest.mark.parametrize("hidden", HIDDEN, ids=["all", "most"])
def test_records_that_no_look_up_shows_either_are_kept_until_a_person_approves(
    firm: Deceived, hidden: Callable[[str], bool]
) -> None:
    before = firm.known()

    def lie(_: Asked, records: list[Record]) -> list[Record]:
        return [record for record in records if not hidden(str(record[firm.liar.id]))]

    with firm.lied_to(lie, hidden):
        synced = firm.sync(full=True)
    assert synced.reads[firm.liar.key].deleted == 0
    assert synced.written == {}
    assert firm.known() == before
    with firm.store.transaction() as transaction:
        line = transaction.frame("SELECT reason FROM sync.pending_approvals WHERE collection = ?", firm.liar.key)[
            "reason"
        ].item()
    assert f"talk approve {firm.liar.key}" in line
    assert "seem to be deleted" in line


def renamed(record: Record, id_: str) -> Record:
    """As in another version of the API."""
    return {name if name == id_ else f"x{name}": value for name, value in record.items()}


def another(record: Record, _: str) -> Record:
    """As in another API."""
    return {"uuid": f"{len(record):032x}", "title": "Invoice"}


def without_id(_: Record, id_: str) -> Record:
    """As in an API whose ids are elsewhere."""
    return {"title": "Invoice", id_: None}


def all_of(alien: Callable[[Record, str], Record], id_: str) -> Lie:
    return lambda _, records: [alien(record, id_) for record in records]


def test_a_page_for_people_and_another_schema_are_told_as_such(firm: Deceived) -> None:
    with firm.lied_to(lambda *_: PAGE_FOR_PEOPLE):
        line = firm.failure(full=True)
    assert line.startswith(f"{firm.liar.system}: ")
    assert "Sign in" in line
    assert "where JSON would be right; check base_url" in line
    for alien in (renamed, another, without_id):
        with firm.lied_to(all_of(alien, firm.liar.id)):
            line = firm.failure(full=True)
        assert line.startswith(firm.liar.system), alien
        assert "it should be" in line or "would be right" in line, alien
        assert "check base_url" in line or "check the base URL" in line, alien


def test_half_a_surrogate_pair_holds_its_field_and_stops_nothing(firm: Deceived) -> None:
    """What counts in UTF-16 cuts an emoji in two, and JSON shows the half that is left; no text can hold it."""
    before, linked = firm.everything(), set(firm.linked())

    def cut(_: Asked, records: list[Record]) -> list[Record]:
        half = {firm.liar.name: "Skrue \ud83d", "nested": {"more": ["\ude00"]}}
        return [record | (half if str(record[firm.liar.id]) in linked else {}) for record in records]

    with firm.lied_to(cut):
        assert firm.sync(full=True).written == {}
        held = [one for one in firm.held() if one["what"] == "value"]
        assert {(one["id"], one["property"]) for one in held} == {(id_, firm.liar.name) for id_ in linked}
        assert {one["found"] for one in held} == {"Skrue \ufffd"}
        assert firm.everything()[:-1] == before[:-1]
    firm.sync(full=True)
    assert firm.everything() == before


def test_yesterdays_state_is_no_edit(firm: Deceived) -> None:
    """Somebody edited a record, which has arrived elsewhere; a copy of the system still shows what was before."""
    yesterday: dict[str, Record] = {}

    def remember(_: Asked, records: list[Record]) -> list[Record]:
        yesterday.update({str(record.get(firm.liar.id)): record for record in records})
        return records

    def replay(_: Asked, records: list[Record]) -> list[Record]:
        return [yesterday.get(str(record.get(firm.liar.id)), record) for record in records]

    with firm.lied_to(remember):
        firm.sync(full=True)
    firm.edit_name("Edited")
    assert firm.sync().written == {firm.liar.other: 1}
    before = firm.everything()
    for full in (False, True):
        with firm.lied_to(replay):
            assert firm.sync(full=full).written == {}, full
        assert firm.everything()[:-1] == before[:-1], full
    (line,) = firm.older()
    assert line.count("\n") == 0
    assert " it was modified " in line
