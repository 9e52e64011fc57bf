"""No request is wasted: every sync makes those that it needs, and those that an API asks for besides."""

from talk_assets_tests.benchmarks.economy import accounts


def test_every_request_of_a_first_sync_of_a_quiet_run_and_of_edits_is_accounted_for() -> None:
    for account in accounts(records=8):
        assert account.total == account.needed + sum(account.besides.values()), account
