"""The conformance suite: what every system does, whatever its API. It needs pytest.

Subclass `http.HttpConformance` for a system that is spoken with over HTTP and has an emulation in the sandbox,
`connection.Conformance` for any other. A new promise of `model.system` is a test there; what one API does in particular
belongs to the tests of that system.
"""

import pytest

pytest.register_assert_rewrite(*(f"{__name__}.{module}" for module in ("connection", "http", "steps")))
