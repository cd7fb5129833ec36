"""Which Python and which libraries the cells have."""

import importlib.metadata
import json
import platform

LIBRARIES = ("numpy", "pandas", "scipy", "scikit-learn", "matplotlib", "seaborn", "requests")


def versions():
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    return json.dumps(found)
