"""The older service with 30 s and 1 GB: its documents' own examples."""

import pytest
from older_services import *  # noqa: F403 - every check is a test here
from older_services import Service, running

SERVICE = Service(30, 204_800, (), {"TIME_LIMIT": "30", "CELLBLOCK_MEMORY_MB": "1024"})


@pytest.fixture(scope="module")
def older():
    yield from running(SERVICE)
