"""Many records that change in the same mechanical way: their values are kept until a person approves."""

import polars as pl
import pytest

from talk_assets.model.entities import Field, Kind
from talk_assets.sync import guards
from talk_assets.sync.merge import mass_edits
from talk_assets_tests.sync.chain import CRM, ERP, SHOP, Chain

MANY = 12


@pytest.fixture
def chain() -> Chain:
    """A chain of records whose titles are numbers with a leading zero."""
    chain = Chain()
    for n in range(MANY):
        chain.create(CRM, email=f"{n}@acme.no", first_name=f"Name {n}", job_title=title(n))
    chain.sync()
    return chain


def title(n: int) -> str:
    return f"01{n:02}"


def edit(chain: Chain, key: str, field: str, values: list[str]) -> None:
    numbers = {record["email"]: id_ for id_, record in chain.memories[key].records.items()}
    for n, value in enumerate(values):
        chain.edit(key, numbers[f"{n}@acme.no"], **{field: value})


def titles(chain: Chain, key: str) -> list[str]:
    return [str(value) for (value,) in chain.shown(key, "job_title")]


def reasons(chain: Chain) -> list[str]:
    with chain.transaction() as transaction:
        return transaction.frame("SELECT reason FROM sync.pending_approvals ORDER BY reason")["reason"].to_list()


def test_codes_that_lose_their_leading_zeros_are_kept_until_a_person_approves(chain: Chain) -> None:
    edit(chain, ERP, "job_title", [title(n)[1:] for n in range(MANY)])
    edit(chain, ERP, "first_name", ["Anna"])
    for _ in range(2):
        chain.sync()
        assert sorted(titles(chain, CRM)) == sorted(titles(chain, SHOP)) == [title(n) for n in range(MANY)]
        assert ("Anna",) in chain.shown(CRM, "first_name")
        (reason,) = reasons(chain)
        assert reason.startswith(f"job_title lost its leading zeros in {MANY} records at once, as '01")
        assert reason.endswith("see whether erp/people is well, then talk approve erp/people")
    with chain.transaction() as transaction:
        guards.approve(transaction, ERP)
    chain.sync()
    assert sorted(titles(chain, CRM)) == sorted(title(n)[1:] for n in range(MANY))
    assert reasons(chain) == []


def test_nobody_is_asked_any_more_when_the_values_are_back(chain: Chain) -> None:
    edit(chain, ERP, "job_title", [title(n)[1:] for n in range(MANY)])
    chain.sync()
    edit(chain, ERP, "job_title", [title(n) for n in range(MANY)])
    chain.sync()
    assert reasons(chain) == []
    with chain.transaction() as transaction:
        assert transaction.count("SELECT count(*) FROM sync.mass_edits") == 0


def test_few_records_are_believed(chain: Chain) -> None:
    edit(chain, ERP, "job_title", [title(n)[1:] for n in range(mass_edits.ALIKE - 1)])
    chain.sync()
    assert min(titles(chain, CRM)) == title(mass_edits.ALIKE - 1)
    assert reasons(chain) == []


def test_edits_of_all_sorts_are_believed_though_some_are_alike(chain: Chain) -> None:
    edit(chain, ERP, "job_title", [*(title(n)[1:] for n in range(mass_edits.ALIKE)), "Chief", "Clerk"])
    chain.sync()
    assert {"Chief", "Clerk"} < set(titles(chain, CRM))
    assert reasons(chain) == []


NAMES = [f"Søster Ærlig {n} av Øyer" for n in range(MANY)]


@pytest.mark.parametrize(
    ("kind", "way", "before", "now"),
    [
        (Kind.TEXT, "zeros", [title(n) for n in range(MANY)], [title(n)[1:] for n in range(MANY)]),
        (Kind.TEXT, "cut", NAMES, [name[:10] for name in NAMES]),
        (Kind.TEXT, "garbled", NAMES, [name.encode().decode("latin-1") for name in NAMES]),
        (Kind.TEXT, "garbled", NAMES, [name.encode("ascii", "replace").decode() for name in NAMES]),
        (Kind.TEXT, "case", NAMES, [name.upper() for name in NAMES]),
        (Kind.DECIMAL, "shifted", [f"{n}.25" for n in range(1, MANY + 1)], [f"{n}25" for n in range(1, MANY + 1)]),
        (Kind.EMAIL, "same", [f"{n}@acme.no" for n in range(MANY)], ["test@test.no"] * MANY),
        (Kind.TEXT, None, NAMES, [f"{name} AS" for name in NAMES[::-1]]),
        (Kind.DECIMAL, None, [f"{n}.25" for n in range(1, MANY + 1)], [f"{n}.3" for n in range(1, MANY + 1)]),
        (Kind.DECIMAL, None, ["100"] * MANY, ["110"] * MANY),
        (Kind.TEXT, None, ["Oslo"] * MANY, ["Bergen"] * MANY),
        (Kind.CHOICE, None, [f"{n}" for n in range(MANY)], ["done"] * MANY),
    ],
)
def test_the_ways_in_which_many_values_change(kind: Kind, way: str | None, before: list[str], now: list[str]) -> None:
    edits = pl.DataFrame({"id": [str(n) for n in range(MANY)], "before": before, "now": now})
    found = mass_edits._alike(Field("value", kind), edits)
    assert [(name, int(mask.sum())) for name, mask in found] == ([(way, MANY)] if way else [])
