"""The older service with 5 s and 200 KB, strict: its documents' own examples."""

import pytest
from older_services import *  # noqa: F403 - every check is a test here
from older_services import Service, running

SERVICE = Service(5, 204_800, (), {"TIME_LIMIT": "5", "CELLBLOCK_POLICY": "strict"})


@pytest.fixture(scope="module")
def older():
    yield from running(SERVICE)
