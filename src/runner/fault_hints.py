"""What the author of a script might do about some exceptions that are no fault of Python's to explain: limits of the
cell, and what the request has to do with them. Compiled into the zygote.
"""

import errno
import re
import sys

BY_ERRNO = {
    errno.EFBIG: "one file may have as many bytes as the limit 'file_mb' says: write less, or several files",
    errno.ENOSPC: "the working directory (/tmp) is full, in bytes or in number of files: remove what is not needed",
    errno.EMFILE: "too many files are open at once: close them, for example by 'with'",
    errno.EAGAIN: "the limit 'processes' counts processes and threads: use fewer at once, and join those that ended",
    errno.EROFS: "only the working directory (/tmp) and /dev/shm can be written to",
}
THREADS = "can't start new thread"
_STARTS = re.compile(r"fork|process|spawn|popen|system|pool|start", re.IGNORECASE)
MISSING_MODULE = ("the libraries that are here are listed at GET /version; a module of your own can come along in the "
                  "field 'files'")
WRONG_CALL = "main() is called with 'args' and 'kwargs' of the request"
# What scripts are used to find under these names.
USUAL = {"np": "import numpy as np", "pd": "import pandas as pd", "plt": "import matplotlib.pyplot as plt"}


def hint_for(error, line="", called_wrongly=False):
    """A sentence, or None. `line` is where it happened; `called_wrongly`: main() itself was not entered."""
    if isinstance(error, NameError):
        name = error.name
        if name in sys.stdlib_module_names:
            return f"Did you forget to import '{name}'?"
        return f"Did you forget '{USUAL[name]}'?" if name in USUAL else None
    if isinstance(error, ModuleNotFoundError):
        return MISSING_MODULE
    if isinstance(error, OSError):
        # A socket that would block has the same number.
        if error.errno == errno.EAGAIN and not _STARTS.search(line):
            return None
        return BY_ERRNO.get(error.errno)
    if isinstance(error, RuntimeError) and str(error) == THREADS:
        return BY_ERRNO[errno.EAGAIN]
    if isinstance(error, TypeError) and called_wrongly:
        return WRONG_CALL
    return None
