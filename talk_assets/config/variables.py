"""Credentials in the environment: which variables there are, which a system needs, and what is wrong with those set.

Values go nowhere but into the `SystemSettings` of their system; no message here holds one.
"""

from collections.abc import Container, Iterable, Mapping

from talk_assets.config.automation import ALERT_URL
from talk_assets.config.messages import suggestion
from talk_assets.errors import CredentialsError
from talk_assets.http.access import NEEDS
from talk_assets.http.grants import SECRET_KEY
from talk_assets.http.rest import Profile
from talk_assets.systems import SYSTEMS, Registered


def listed(known: Registered, credentials: Iterable[str]) -> str:
    """Return the variables of these credentials of a system, for a sentence."""
    return " and ".join(known.variable(credential) for credential in credentials)


def read_credentials(known: Registered, needed: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Return all the credentials that a system needs, or none; raise CredentialsError where only some are set."""
    values = {credential: environ.get(known.variable(credential), "").strip() for credential in needed}
    present = {credential: value for credential, value in values.items() if value}
    missing = tuple(credential for credential in values if credential not in present)
    if present and missing:
        message = (
            f"the environment has {listed(known, present)} for {known.name}, but not {listed(known, missing)}."
            " Set all of them, or none for the sandbox."
        )
        raise CredentialsError(message)
    return present


def check_variables(environ: Mapping[str, str], profiles: Mapping[str, Profile], used: Container[str]) -> None:
    """Raise CredentialsError for a variable of ours that means nothing.

    A name with a typing error would silently mean the sandbox. What means something to another data folder is left
    alone: a variable of a system that is not `used` here, or of another type of sign-in than that of a system whose
    own variables are all set.

    `profiles` are those of the systems that have one, as talk.toml has them.
    """
    ours = [
        known.variable(credential)
        for name, known in SYSTEMS.items()
        for credential in (profiles[name].access.credentials if name in profiles else known.credentials)
    ] + [ALERT_URL, SECRET_KEY]
    prefixes = tuple(known.variable("") for known in SYSTEMS.values())
    for name in sorted(environ.keys() - set(ours)):
        if _is_of_another_folder(name, environ, profiles, used):
            continue
        _check_way(name, profiles)
        likely = suggestion(name, ours) if name.startswith("TALK_") else ""
        if likely or name.startswith(prefixes):
            message = f"the environment variable {name} is not known{likely or '.'} Known are {', '.join(ours)}."
            raise CredentialsError(message)


def _is_of_another_folder(
    variable: str, environ: Mapping[str, str], profiles: Mapping[str, Profile], used: Container[str]
) -> bool:
    """Whether a variable that is needless here is one that a system has where it signs in otherwise."""
    for name, known in SYSTEMS.items():
        types = {need for needs in NEEDS.values() for need in needs} if name in profiles else set()
        if variable not in {known.variable(need) for need in {*types, *known.credentials}}:
            continue
        own = profiles[name].access.credentials if name in profiles else known.credentials
        return name not in used or all(environ.get(known.variable(one), "").strip() for one in own)
    return False


def _check_way(variable: str, profiles: Mapping[str, Profile]) -> None:
    """Raise for a credential of another way of signing in than the configured one, and name both ways."""
    for name, profile_ in profiles.items():
        known, way = SYSTEMS[name], profile_.access.type
        default = known.profile.access if known.profile else profile_.access
        taken_by = {one: needs for one, needs in NEEDS.items() if one is not default.type or not default.called}
        taken_by[default.type] = default.credentials
        others = [one for one, needs in taken_by.items() if variable in {known.variable(need) for need in needs}]
        if not others:
            continue
        needed = listed(known, profile_.access.credentials)
        choice = " or ".join(f'type = "{one}"' for one in others)
        message = (
            f'{known.label} signs in with auth.type = "{way}", not with {variable}, and needs {needed}.'
            f" Set {needed} instead. Or, to sign in with {variable}, set {choice} under"
            f" [systems.{name}.auth] in talk.toml."
        )
        raise CredentialsError(message)
