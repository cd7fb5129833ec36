"""Keeps the after-fork hooks that libraries register, so that a cell runs only those it needs.

The hooks of the standard library below would touch some 250 pages in each new cell to reset locks that the
single-threaded zygote never holds, and random state that Interpreter::after_fork makes anew more cheaply.
A script that forks by itself runs all of them, as everywhere.
"""

import os

NOT_NEEDED = ("random", "threading", "logging", "concurrent.futures.thread")

_hooks = []
_register = os.register_at_fork


def _record(*, before=None, after_in_child=None, after_in_parent=None):
    given = {"before": before, "after_in_child": after_in_child, "after_in_parent": after_in_parent}
    _register(**{name: hook for name, hook in given.items() if hook is not None})
    if after_in_child is not None and getattr(after_in_child, "__module__", None) not in NOT_NEEDED:
        owner = type(getattr(after_in_child, "__self__", None)).__module__
        if owner not in NOT_NEEDED:
            _hooks.append(after_in_child)


def start():
    os.register_at_fork = _record


def stop():
    os.register_at_fork = _register


def needed():
    """The hooks to call in a cell, in order; usually none."""
    return _hooks
