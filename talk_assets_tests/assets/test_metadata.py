"""What the UI shows beside an asset: names before ids, and how much more of a longer list there is, and where."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from dagster import MarkdownMetadataValue

from talk_assets.graph import entity_assets, metadata
from talk_assets.graph.metadata import SHOWN
from talk_assets.report import overview, readable
from talk_assets_tests.office import Office, open_office

MORE = SHOWN + 19


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return open_office(tmp_path, monkeypatch)


def text(value: object) -> str:
    assert isinstance(value, MarkdownMetadataValue)
    return value.md_str or ""


def test_more_held_records_than_are_shown_are_counted_with_the_command_that_lists_them(office: Office) -> None:
    for n in range(MORE):
        office.create("crm/people", email="same@example.com", first_name=f"Name {n:02}")
    office.sync()
    with office.transaction() as transaction:
        held = overview.held_records(transaction, "person", limit=SHOWN)
        shown = text(metadata.of_links(overview.link_counts(transaction, "person"), MORE, held)[f"first {SHOWN} held"])
    assert "| Name 00 | crm/people/crm1 | several records here have the same e-mail" in shown
    assert shown.endswith(f"\n\n19 more are not shown. To see all {MORE}: `talk held`")


def test_more_changes_than_are_shown_are_counted_with_the_command_that_lists_them(office: Office) -> None:
    for n in range(MORE):
        office.create("crm/people", email=f"{n}@example.com")
    office.reconcile_only()
    with office.transaction() as transaction:
        counts = overview.change_counts(transaction)["erp/contacts"]
        shown = text(entity_assets._asked(transaction, "erp/contacts", "person", counts)[f"first {SHOWN}"])
    assert "| create | 0@example.com |  | crm/people/crm1 |" in shown
    assert shown.endswith(f"\n\n19 more are not shown. To see all {MORE}: `talk sync --plan --json`")


def test_more_writes_than_are_shown_are_counted_with_the_command_that_lists_them(office: Office) -> None:
    for n in range(MORE):
        office.create("crm/people", email=f"{n}@example.com")
    office.sync("r1")
    with office.transaction() as transaction:
        first = overview.written(transaction, "r1", "erp/contacts", limit=SHOWN)
        found = metadata.of_writes(None, None, first, "person", readable.reader(transaction, []))
    shown = text(found[f"first {SHOWN} writes"])
    assert shown.endswith(f"\n\n19 more are not shown. To see all {MORE}: `talk undo r1 --json`")


def test_more_conflicts_than_are_shown_are_counted_and_those_of_form_are_none(office: Office) -> None:
    with office.transaction() as transaction:
        for n in range(MORE):
            for winner in ("Other", f"LOST {n}"):
                transaction.run(
                    "INSERT INTO sync.conflicts (entity_type, entity_id, field, value, winner, noticed_at)"
                    " VALUES ('person', $1, 'first_name', $2, $3, $4)",
                    str(n),
                    f"Lost {n}",
                    winner,
                    datetime(2026, 1, 2, tzinfo=UTC),
                )
        found = entity_assets._agreed(transaction, "person", 0)
    assert found["conflicts"] == MORE
    assert text(found[f"latest {SHOWN} conflicts"]).endswith(
        f"\n\n19 more are not shown. To see all {MORE}: `talk conflicts`"
    )


def test_a_list_that_is_shown_in_full_has_nothing_more_to_say(office: Office) -> None:
    office.create("crm/people", email="anna@example.com")
    office.reconcile_only()
    with office.transaction() as transaction:
        counts = overview.change_counts(transaction)["erp/contacts"]
        shown = text(entity_assets._asked(transaction, "erp/contacts", "person", counts)[f"first {SHOWN}"])
    assert "more" not in shown
