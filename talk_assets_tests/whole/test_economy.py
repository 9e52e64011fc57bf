"""No request is wasted: every sync makes those that it needs, and those that an API asks for besides."""

import pytest

from talk_assets_tests.benchmarks.economy import accounts


@pytest.mark.parametrize(
    ("persons", "dataflows"),
    [
        pytest.param(20, ["webcrm-customerp", "crmoffice-customerp"], marks=pytest.mark.thorough),
        pytest.param(6, ["customerp-powerofficego", "powerofficego-customwebshop"], marks=pytest.mark.thorough),
        (6, ["poweroffice-poweroffice_peer"]),
    ],
)
def test_every_request_of_a_first_sync_of_a_quiet_run_and_of_edits_is_accounted_for(
    persons: int, dataflows: list[str]
) -> None:
    for account in accounts(persons, dataflows):
        assert account.total == account.needed + sum(account.besides.values()), account
