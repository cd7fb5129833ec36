import sys
from pathlib import Path

import pytest

# The helpers of the end-to-end tests.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
pytest.register_assert_rewrite("support")
