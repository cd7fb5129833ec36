"""The older service with 30 s, 300 MB and 50 KB: its documents' own examples."""

import pytest
from older_services import *  # noqa: F403 - every check is a test here
from older_services import Service, running

SERVICE = Service(30, 51_200, ("--memory-mb", "300"),
                  {"TIME_LIMIT": "30", "CELLBLOCK_MAX_SCRIPT_BYTES": "51200", "ENVIRONMENT": "production"})


@pytest.fixture(scope="module")
def older():
    yield from running(SERVICE)
