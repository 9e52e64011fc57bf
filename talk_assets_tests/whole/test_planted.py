"""Protections that the simulator cannot switch off, as it speaks no HTTP: without one, what it protects is broken.

Each scenario holds with the protection, and is found to be broken without it.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from talk_assets.errors import CredentialsError
from talk_assets.http import connection
from talk_assets.http.access import Access, AuthType
from talk_assets.http.client import AnswerLost, Client
from talk_assets.http.grants import GrantFile, RefreshGrant
from talk_assets.model.dataflows import Pair
from talk_assets.sandbox.customerp.tokens import CLIENT_ID, CLIENT_SECRET, FIRST_REFRESH_TOKEN
from talk_assets.systems import SYSTEMS
from talk_assets.testing.conformance import steps
from talk_assets.testing.served import served
from talk_assets_tests.whole.firm import firm, only

PERSONS = (Pair("webcrm/persons", "customerp/contact"),)
SECRET = "Hemmelig"


def one_record_is_forbidden(_: Path) -> None:
    """The others are written, and that one is held."""
    with firm(pairs=PERSONS) as here:
        for name in ("Dahl", SECRET, "Moe"):
            here.crm_add("Persons", PersonLastName=name, PersonEmail=f"{name.lower()}@fjord.example")
        here.sandbox.fault("customerp", switches={"forbids": SECRET})
        assert here.sync().written == {"customerp/contact": 2}
        assert "403 You do not have access" in only(here.held())["reason"]


def one_record_breaks_the_api(_: Path) -> None:
    """The same of a record that its API answers with a 500 each time."""
    with firm(pairs=PERSONS) as here:
        for name in ("Dahl", SECRET, "Moe"):
            here.crm_add("Persons", PersonLastName=name, PersonEmail=f"{name.lower()}@fjord.example")
        here.sandbox.fault("customerp", switches={"breaks": SECRET})
        assert here.sync().written == {"customerp/contact": 2}
        assert ["breaks at this one each time" in one["reason"] for one in here.held()] == [True]


def processes_sign_in_one_after_the_other(folder: Path) -> None:
    """Each trades the token that the one before was given, and none a token that was used before."""
    with served("customerp") as sandbox:
        known, file = SYSTEMS["customerp"], GrantFile(folder / "customerp.json")
        assert known.profile
        access = Access(AuthType.REFRESH, token_url=f"{sandbox.root}/customerp/oauth/token")
        credentials = {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": FIRST_REFRESH_TOKEN,
        }
        settings = sandbox.settings(
            profile=replace(known.profile, access=access), credentials=credentials, sandbox=False, grant_file=file
        )
        try:
            for _ in range(3):
                system = known.build(settings)
                steps.read(system, system.collection("contact"))
                sandbox.sandbox.clock.advance(3600)
        finally:
            file.path.unlink()
        assert sandbox.sandbox.effects("customerp") == {"tokens used again": []}


def a_403_is_taken_for_all(patched: pytest.MonkeyPatch) -> None:
    def deny(self: Client, _: object, response: object, *, own: bool) -> None:
        message = f"{self.site.system}: {response}"
        raise CredentialsError(message)

    patched.setattr(Client, "_deny", deny)


def a_500_is_taken_for_a_lost_answer(patched: pytest.MonkeyPatch) -> None:
    class Never(AnswerLost):
        """Nothing is one."""

    patched.setattr(connection, "Broke", Never)


def a_used_up_token_is_used_again(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(RefreshGrant, "_recall", lambda *_: None)


PLANTED: dict[Callable[[pytest.MonkeyPatch], None], Callable[[Path], None]] = {
    a_403_is_taken_for_all: one_record_is_forbidden,
    a_500_is_taken_for_a_lost_answer: one_record_breaks_the_api,
    a_used_up_token_is_used_again: processes_sign_in_one_after_the_other,
}


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.__name__)
def test_a_planted_bug_is_found(bug: Callable[[pytest.MonkeyPatch], None], tmp_path: Path) -> None:
    scenario = PLANTED[bug]
    scenario(tmp_path / "well")
    with pytest.MonkeyPatch.context() as patched:
        bug(patched)
        with pytest.raises((AssertionError, CredentialsError)):
            scenario(tmp_path / "planted")
