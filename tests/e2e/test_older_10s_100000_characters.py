"""The older service with 10 s, 256 MB and 100,000 characters, strict: its documents' own examples."""

import pytest
from older_services import *  # noqa: F403 - every check is a test here
from older_services import Service, running

SERVICE = Service(10, 100_000, ("--memory-mb", "256", "--policy", "strict"),
                  {"PYEXEC_TIMEOUT": "10", "PYEXEC_MAX_SCRIPT_CHARS": "100000"})


@pytest.fixture(scope="module")
def older():
    yield from running(SERVICE)
