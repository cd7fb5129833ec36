"""Policy `strict`: its lists, from policies/strict.json. Each answer is the entry's reason, or None."""

import fnmatch
import json

_modules = {}
_names = {}
_attributes = {}
_reaching = {}
_words = set()  # modules whose name is so common that an attribute of that name says nothing


def load(text):
    """Takes the lists from the text of policies/strict.json."""
    data = json.loads(text)
    for entry in data["modules"]:
        _modules[entry["name"]] = entry["reason"]
        if entry.get("common_word"):
            _words.add(entry["name"])
    _names.update((entry["name"], entry["reason"]) for entry in data["names"])
    _reaching.update((entry["name"], entry["reason"]) for entry in data["dunders"])
    for entry in data["attributes"]:
        _attributes.setdefault(entry["module"], []).append((entry["name"], entry["reason"]))


def module(name):
    """Of a module, or of a part of a refused one."""
    parts = name.split(".")
    for count in range(1, len(parts) + 1):
        reason = _modules.get(".".join(parts[:count]))
        if reason:
            return reason
    return None


def attribute(owner, name):
    """Of a name of a module or class, given by its dotted name."""
    for pattern, reason in _attributes.get(owner, ()):
        if fnmatch.fnmatchcase(name, pattern):
            return reason
    return _names.get(name) if owner == "builtins" else None


def built_in(name):
    return _names.get(name)


def reaching(name):
    """Of an attribute, whatever it is an attribute of."""
    return _reaching.get(name)


def starred(owner):
    """Of taking all names of a module."""
    return "takes names that are refused one by one" if owner in _attributes else None


def module_behind(name):
    """The module that an attribute of another module stands for, as shutil.os and random._os do."""
    for candidate in (name, name.lstrip("_")):
        if candidate in _attributes or candidate == "builtins" or (candidate in _modules and candidate not in _words):
            return candidate
    return None
