"""What the suites of backend nsjail share."""

import os
import shutil
from pathlib import Path

import pytest
from support import cell_processes, descendants

NSJAIL = shutil.which("nsjail")
NEEDS_NSJAIL = pytest.mark.skipif(NSJAIL is None or os.geteuid() != 0,
                                  reason="needs root and the program nsjail on PATH: docs/verification.md has a run")


def name_of(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def left_of(jailed):
    """Processes of jails per ready cell, and what belongs to nobody; None while it still changes."""
    pool = jailed.pool()
    if pool["running"] or not pool["ready"]:
        return None
    jails = [pid for pid in descendants(jailed.process.pid) if name_of(pid) == "nsjail"]
    return len(cell_processes(jailed)) / pool["ready"], len(jails) / pool["ready"]
