"""A sync with nothing to do writes nothing and asks little; one with one edit to carry over sends one write."""

from talk_assets_tests.whole.firm import Firm, firm, only


def test_a_second_sync_sends_no_write_and_one_request_per_collection_and_a_full_one_sends_no_write_either() -> None:
    with firm(records=12) as generated:
        first = generated.sync()
        assert set(first.written) >= {"customerp/contact", "customerp/customer", "customerp/order", "customerp/product"}
        with generated.counted() as requests:
            assert generated.sync().written == {}
        assert requests["webcrm"] == {"GET /Queries": 6}
        assert requests["customerp"] == dict.fromkeys(
            ("GET /v1/contacts", "GET /v1/customers", "GET /v1/orders", "GET /v1/products"), 1
        )
        with generated.counted() as requests:
            assert generated.sync(full=True).written == {}
        sent = {name.partition(" ")[0] for system in requests.values() for name in system}
        assert sent <= {"GET"}


def test_one_edit_is_one_write_and_is_not_sent_again(firm: Firm) -> None:
    firm.crm_add("Persons", PersonLastName="Berg", PersonEmail="post@fjord.example")
    firm.sync()
    firm.erp_edit("contacts", only(firm.erp("contacts"))["id"], mobile="+4790033333")
    with firm.counted() as requests:
        firm.sync()
        firm.sync()
    sent = {name: n for system in requests.values() for name, n in system.items() if not name.startswith("GET ")}
    assert sent == {"PATCH /Persons": 1}
