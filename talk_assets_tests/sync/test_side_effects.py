"""Only what a person did is an edit: not what a system drops by itself, and not what could not be put back."""

from collections.abc import Mapping
from typing import Any

import pytest

from talk_assets.model.lens.lens import NEVER, Email, Lens, Text
from talk_assets.report.rewritten import rewritten
from talk_assets_tests.sync.chain import CRM, ERP, SHOP, Chain
from talk_assets_tests.sync.prepared import chain_of


def kari() -> Chain:
    chain = Chain()
    chain.create(CRM, email="kari@acme.no", first_name="Kari", job_title="Chief")
    chain.sync()
    chain.sync()
    return chain


@pytest.fixture
def chain() -> Chain:
    return chain_of(kari)


def dropping(chain: Chain, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that replaces nested objects: who sends a name clears the title."""
    memory, write = chain.memories[key], chain.memories[key].write

    def written(id_: str, values: Mapping[str, Any]) -> None:
        write(id_, values if "job_title" in values else {**values, "job_title": None})

    monkeypatch.setattr(memory, "write", written)


def test_what_the_answer_to_our_own_write_shows_blank_is_cleared_nowhere(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropping(chain, ERP, monkeypatch)
    chain.edit(CRM, "crm1", first_name="Karin")
    for _ in range(3):
        chain.sync(full=True)
    assert chain.shown(CRM, "first_name", "job_title") == chain.shown(SHOP, "first_name", "job_title")
    assert chain.shown(SHOP, "first_name", "job_title") == [("Karin", "Chief")]
    assert chain.shown(ERP, "first_name", "job_title") == [("Karin", None)]
    with chain.transaction() as transaction:
        found = rewritten(transaction, {ERP: chain.memories[ERP].collection})
        assert found.select("id", "field", "sent", "shown").rows() == [("erp1", "job_title", "Chief", None)]
        assert transaction.count("SELECT count(*) FROM sync.edits WHERE value IS NULL") == 0


def test_what_a_person_clears_afterwards_is_an_edit(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.edit(CRM, "crm1", first_name="Karin")
    chain.sync()
    chain.edit(ERP, "erp1", job_title=None)
    chain.sync()
    assert chain.shown(CRM, "job_title") == chain.shown(SHOP, "job_title") == [(None,)]


def fixed() -> Lens:
    return Lens(email=Email("email"), first_name=Text("first_name"), job_title=Text("job_title", writable=NEVER))


def test_an_edit_that_could_not_be_put_back_is_overruled_and_said(chain: Chain) -> None:
    chain.declare(ERP, lens=fixed())
    chain.sync()
    chain.edit(SHOP, "shop1", job_title="Boss", first_name="Karin")
    chain.sync()
    chain.sync()
    for key in (CRM, ERP, SHOP):
        assert chain.shown(key, "first_name", "job_title") == [("Karin", "Chief")]
    with chain.transaction() as transaction:
        lost = transaction.frame("SELECT value, origin, winner, winner_origin FROM sync.conflicts").rows()
    assert lost == [("Boss", "shop/people/shop1", "Chief", "erp/people/erp1")]


def test_an_edit_of_what_is_never_written_travels(chain: Chain) -> None:
    chain.declare(ERP, lens=fixed())
    chain.sync()
    chain.edit(ERP, "erp1", job_title="Boss")
    chain.sync()
    assert chain.shown(CRM, "job_title") == chain.shown(SHOP, "job_title") == [("Boss",)]


def test_what_can_not_be_written_wins_where_records_meet() -> None:
    """Though the other is newer."""
    chain = Chain()
    chain.declare(ERP, lens=fixed())
    chain.create(ERP, email="kari@acme.no", job_title="Chief")
    chain.create(CRM, email="kari@acme.no", job_title="Boss")
    chain.sync()
    chain.sync()
    assert chain.shown(CRM, "job_title") == [("Chief",)]
