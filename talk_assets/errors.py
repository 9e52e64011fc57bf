"""Every error this package raises, sorted by what the person who reads it can do.

    TalkError
    ├── ConfigurationError        correct data/talk.toml, a definition or an argument
    │   └── CredentialsError      correct an environment variable, or what the key may do
    ├── SystemFailure             a system could not be spoken with
    │   ├── Unreachable           wait, or correct the base URL; trying again may help
    │   └── NotTheApi             something answered, but not the API that was expected
    ├── NothingToDo               look again at what was asked for: it is so already
    ├── Refused                   the API refused one request for good: correct the record
    ├── SyncFailed                a run could not go on; look at its log in the Dagster UI
    └── StoreError                the database
        ├── StoreLocked           wait for the other process, or stop it
        └── StoreIncompatible     use the version that wrote it, or a fresh data folder

A message names the place, what was found there and what would be right. Messages never hold credentials: values from
the environment do not reach an exception.
"""

import errno

UNWRITABLE = frozenset(
    {
        errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOTDIR,
        errno.EEXIST, errno.EISDIR,
    }
)  # fmt: skip
"""What the operating system answers where a folder or a disk does not take what is to be written there."""


class TalkError(Exception):
    """Anything that ends in one clear line instead of a traceback."""


class ConfigurationError(TalkError):
    """What was configured cannot work as it stands."""


class CredentialsError(ConfigurationError):
    """A system does not accept the credentials from the environment."""


class NothingToDo(TalkError):
    """An act of a person that would change nothing."""


class SystemFailure(TalkError):
    """A system could not be spoken with; other systems go on."""


class Unreachable(SystemFailure):
    """No answer, or only errors that a later try may not meet, after every retry."""


class NotTheApi(SystemFailure):
    """An answer that the API would not give: a login page, another schema, cut-off JSON."""


class Refused(TalkError):
    """One request was refused for good.

    `status` is the HTTP status, `body` the answer's own text (the API's own words are in it).
    """

    def __init__(self, message: str, *, status: int, body: bytes = b"") -> None:
        super().__init__(message)
        self.status = status
        self.body = body


class SyncFailed(TalkError):
    """A run of the sync that ended early; what it had stored stands, and the next run goes on."""


class StoreError(TalkError):
    """The database could not be used; its content is as it was."""


class StoreLocked(StoreError):
    """Another process holds the database longer than we waited."""


class StoreIncompatible(StoreError):
    """The database was written by a newer version of this package."""
