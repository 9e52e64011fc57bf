"""The user names of accounts, as WordPress has them: nobody else's, and made from the address where none is sent.

A name is looked for when a request comes in and taken when the account is created, so that of two accounts that are
created at once, only the first gets the name that both were to have.
"""

import itertools
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from talk_assets.sandbox.customwebshop.writes import Wrong
from talk_assets.sandbox.wire import HttpRequest

LONGEST = 60
Taken = Callable[[str], bool]
"""Whether an account has a name already."""


class UserNames:
    """Remembers, of each request that is carried out, the name that was free when it came in."""

    def __init__(self, taken: Taken) -> None:
        self._taken = taken
        self._free: dict[int, str] = {}

    def look(self, request: HttpRequest) -> None:
        """A request came in."""
        if request.method == "POST" and request.segments[-1:] == ("customers",):
            try:
                email = json.loads(request.body)["email"]
            except (ValueError, LookupError, TypeError):
                return
            self._free[id(request)] = self._made(str(email))

    def forget(self, request: HttpRequest) -> None:
        """It has been answered."""
        self._free.pop(id(request), None)

    def given(self, request: HttpRequest, sent: Mapping[str, Any], *, makes: bool) -> str:
        """The user name of a new account; Wrong where it can't have one."""
        name = str(sent.get("username") or "")
        if not name:
            if not makes:
                message = "Missing parameter(s): username"
                raise Wrong(400, "rest_missing_callback_param", message, params=["username"])
            name = self._free.get(id(request)) or self._made(str(sent["email"]))
            if self._taken(name):
                raise Wrong(400, "existing_user_login", "Sorry, that username already exists!")
            return name
        if not re.fullmatch(r"[A-Za-z0-9 _.@-]+", name):
            raise Wrong(400, "registration-error-invalid-username", "Please provide a valid account username.")
        if self._taken(name):
            message = "An account is already registered with that username. Please choose another."
            raise Wrong(400, "registration-error-username-exists", message)
        if len(name) > LONGEST:
            raise Wrong(400, "user_login_too_long", f"Username may not be longer than {LONGEST} characters.")
        return name

    def _made(self, email: str) -> str:
        """What stands before the @, with a number behind it where that is taken."""
        name = re.sub(r"[^a-z0-9 _.-]", "", email.partition("@")[0].lower()) or "customer"
        numbered = (f"{name}-{number}" for number in itertools.count(1000))
        return next(one for one in itertools.chain([name], numbered) if not self._taken(one))
