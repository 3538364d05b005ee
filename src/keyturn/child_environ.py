"""The little of the environment that a program which keyturn starts gets to see.

What is not named here stays here: credentials, the runner's tokens, the action's inputs.
"""

from __future__ import annotations

# `typing` and `collections` would cost as much as everything else that a small scan does.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SYSTEM = frozenset(
    (
        *("PATH", "HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TZ"),
        *("TMPDIR", "TEMP", "TMP", "XDG_CONFIG_HOME", "DEVELOPER_DIR"),
        # Windows starts nothing without the first three.
        *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "HOMEDRIVE"),
        *("HOMEPATH", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES"),
    )
)

# By these git tells a hook which repository, index and objects are meant, and a person tells git
# where its settings and programs are (git's manual, "git", "ENVIRONMENT VARIABLES", 2026-11).
# Not one that names another program, and none that changes what is printed.
_GIT = frozenset(
    (
        *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX"),
        *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH"),
        *("GIT_NAMESPACE", "GIT_SHALLOW_FILE", "GIT_DEFAULT_HASH", "GIT_EXEC_PATH"),
        *("GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM"),
        *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_COUNT"),
        *("GIT_CONFIG_PARAMETERS", "GIT_ATTR_NOSYSTEM", "GIT_ATTR_SOURCE"),
    )
)
# A clone that left files out would fetch them by whatever program its settings name (git's manual,
# "git", "--no-lazy-fetch", 2026-11).
_NO_FETCHING = {"GIT_NO_LAZY_FETCH": "1"}
_NUMBERED = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_")
"""Settings by environment, among them the folders that are safe to read."""


def child_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what any program needs to run."""
    return {name: value for name, value in environ.items() if name in _SYSTEM}


def git_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what git needs to run, and what it was told about the repository at hand."""
    told = {
        name: value
        for name, value in environ.items()
        if name in _SYSTEM or name in _GIT or name.startswith(_NUMBERED)
    }
    return told | _NO_FETCHING
