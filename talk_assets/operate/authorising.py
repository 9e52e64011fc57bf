"""A person signs in to a system: the browser is sent there, and the tokens that come of it are stored."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from talk_assets.config.configuration import FILE, Config
from talk_assets.config.messages import suggestion
from talk_assets.errors import ConfigurationError, CredentialsError, TalkError
from talk_assets.http import signing_in
from talk_assets.http.access import Access, AuthType
from talk_assets.http.client import Site
from talk_assets.http.grants import Grant, Grantee, GrantFile
from talk_assets.systems import SYSTEMS

PORT = 8799
"""Where the browser is sent back to unless another port is named: most servers want to know the address before."""

PATIENCE = 300.0
"""Seconds that a person has for it."""

NOTICE = timedelta(days=7)
"""How long before its end a sign-in is warned of."""


def authorise(
    config: Config, name: str, show: Callable[[str], None], *, port: int = PORT, patience: float = PATIENCE
) -> GrantFile:
    """Let a person sign in, and return the file that the tokens are stored in.

    `show` is given the address to open. Raise ConfigurationError where the system is not signed in to that way or its
    port is taken, CredentialsError where the person or the server declines or `patience` seconds pass.
    """
    asked = _asked_of(config, name)
    asked.file.make_room()
    with signing_in.waiting(port) as waiting:
        where = asked.access.whole(asked.site, asked.access.authorise_url)
        attempt = signing_in.SigningIn(asked.grantee, where, asked.access.scope, waiting.redirect)
        show(attempt.url())
        came = waiting.answered(patience)
    if came is None:
        message = f"{name}: nobody signed in within {patience:.0f} seconds. {asked.grantee.anew}"
        raise CredentialsError(message)
    grant = attempt.trade(attempt.code_in(came), time.time())
    asyncio.run(_store(asked.file, grant))
    return asked.file


async def _store(file: GrantFile, grant: Grant) -> None:
    async with file.alone():
        file.write(grant)


@dataclass(frozen=True)
class _Asked:
    """What signing in to a system needs, as it is configured."""

    access: Access
    site: Site
    file: GrantFile
    grantee: Grantee


def _asked_of(config: Config, name: str) -> _Asked:
    place = f"{config.folder / FILE}: systems.{name}"
    if name not in SYSTEMS:
        message = f"{name}: there is no such system{suggestion(name, SYSTEMS) or '.'} There are {', '.join(SYSTEMS)}."
        raise ConfigurationError(message)
    settings = config.systems.get(name)
    if settings is None:
        message = f"{place}.enabled: is false, and nobody signs in to a system that is switched off."
        raise ConfigurationError(message)
    known = SYSTEMS[name]
    if settings.sandbox:
        message = f"{name}: the sandbox serves it, which takes no sign-in. Set the variables of your own client first."
        raise ConfigurationError(message)
    access = settings.profile.access if settings.profile else None
    if access is None or settings.grant_file is None or not (access.authorise_url and access.token_url):
        needed = f'type = "{AuthType.CODE}", an authorise_url and a token_url'
        message = f"{place}.auth: says nothing of a person who signs in, which takes {needed}."
        raise ConfigurationError(message)
    site = known.site(settings)
    return _Asked(access, site, settings.grant_file, access.grantee(site, settings.credentials))


def ending(config: Config, now: datetime) -> dict[str, str]:
    """Return, by system, what is said of a sign-in that ends within `NOTICE`, or has ended."""
    found = {}
    for name, settings in config.systems.items():
        if settings.grant_file is None:
            continue
        with suppress(TalkError):  # what cannot be read is said where it is needed
            grant = settings.grant_file.read()
            if grant and grant.ends is not None:
                ends = datetime.fromtimestamp(grant.ends, UTC)
                if ends - now < NOTICE:
                    verb = "ends" if ends > now else "ended"
                    anew = settings.profile.access.anew(SYSTEMS[name].site(settings)) if settings.profile else ""
                    found[name] = f"{name}: the sign-in {verb} on {ends:%Y-%m-%d %H:%M} UTC. {anew}"
    return found
