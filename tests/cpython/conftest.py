import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
pytest.register_assert_rewrite("support")

from suite import SERVER_FLAGS  # noqa: E402
from support import Server  # noqa: E402


@pytest.fixture(scope="module")
def server():
    """The server with default settings: the limits that every script has."""
    running = Server()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def roomy_server():
    running = Server(*SERVER_FLAGS)
    yield running
    running.stop()
