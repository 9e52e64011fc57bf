"""No request is wasted: every sync makes those that it needs, and those that an API asks for besides."""

import pytest

from talk_assets_tests.benchmarks.economy import accounts


@pytest.mark.parametrize(
    "dataflows",
    [
        ["webcrm-customerp", "crmoffice-customerp"],
        ["customerp-powerofficego", "powerofficego-customwebshop"],
        ["poweroffice-poweroffice_peer"],
    ],
)
def test_every_request_of_a_first_sync_of_a_quiet_run_and_of_edits_is_accounted_for(dataflows: list[str]) -> None:
    for account in accounts(6, dataflows):
        assert account.total == account.needed + sum(account.besides.values()), account
