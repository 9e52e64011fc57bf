"""A sync with nothing to do: it writes nothing and asks little."""

from collections import Counter

from talk_assets_tests.whole.firm import firm


def test_a_second_sync_of_a_generated_world_sends_no_write_and_one_request_per_collection() -> None:
    with firm(records=16) as generated:
        first = generated.sync()
        assert set(first.written) >= {"customerp/contact", "customerp/customer", "customerp/order", "customerp/product"}
        assert first.unwritten == {}
        with generated.counted() as requests:
            assert generated.sync().written == {}
    assert requests["webcrm"] == {"GET /Queries": 6}
    assert requests["customerp"] == {f"GET /v1/{name}": 1 for name in ("contacts", "customers", "orders", "products")}


def test_an_edit_costs_one_write_request_and_what_is_needed_to_overwrite_nobody() -> None:
    with firm(records=16) as generated:
        generated.sync()
        contact = next(one for one in generated.erp("contacts") if one["external_ref"] is None and one["mobile"])
        generated.erp_edit("contacts", contact["id"], mobile="+4790033333")
        with generated.counted() as requests:
            assert sum(generated.sync().written.values()) <= 1
        writes = Counter(
            name.partition(" ")[0]
            for sent in requests.values()
            for name in sent.elements()  # type: ignore[attr-defined]
        )
    assert writes["PATCH"] <= 1


def test_a_full_sync_after_a_sync_writes_nothing_either() -> None:
    with firm(records=16) as generated:
        generated.sync()
        assert generated.sync(full=True).written == {}
