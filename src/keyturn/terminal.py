"""What the terminal at hand can show: colours, characters, and a line that moves.

It prints nothing, and needs next to nothing: the hook asks it too.
"""

from __future__ import annotations

import codecs
import errno
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TextIO

STAND_INS = {
    "\N{HORIZONTAL ELLIPSIS}": "...",
    "\N{RIGHTWARDS ARROW}": "->",
    "\N{REPLACEMENT CHARACTER}": "?",
    "\N{WHITE HEAVY CHECK MARK}": "[ok]",
    "\N{CROSS MARK}": "[x]",
    "\N{WARNING SIGN}": "[!]",
    "\N{VARIATION SELECTOR-16}": "",  # asks for the coloured form of the sign before it
}
"""What keyturn itself draws beside ASCII, and what stands for it where an encoding lacks it."""

_LACKING = "keyturn.lacking"
_FORCES = ("FORCE_COLOR", "CLICOLOR_FORCE")
_STYLES = 0x0004
"""ENABLE_VIRTUAL_TERMINAL_PROCESSING of an output handle.
Ref 2026-11: https://learn.microsoft.com/en-us/windows/console/setconsolemode"""


def show_every_character(stream: TextIO) -> None:
    """Have a stream show what its encoding lacks: our signs by others, the rest as numbers.

    The encoding stays what the system, PYTHONIOENCODING or PYTHONUTF8 made it.
    """
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure:
        codecs.register_error(_LACKING, _stand_in)
        reconfigure(errors=_LACKING)


def _stand_in(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    first = error.start
    shown = STAND_INS.get(error.object[first])
    if shown is not None:
        return shown, first + 1
    one = UnicodeEncodeError(error.encoding, error.object, first, first + 1, error.reason)
    return codecs.backslashreplace_errors(one)


def is_terminal(stream: TextIO) -> bool:
    """Say whether somebody looks at a stream while it is written."""
    return not stream.closed and stream.isatty()


def is_hang_up(error: Exception, *, windows: bool) -> bool:
    """Say whether an error means that nobody reads the output any more.

    Windows says EINVAL at times. Ref 2026-11: https://github.com/python/cpython/issues/79935
    """
    if isinstance(error, BrokenPipeError):
        return True
    return windows and isinstance(error, OSError) and error.errno == errno.EINVAL


def wants_color(choice: str, environ: Mapping[str, str], stream: TextIO) -> bool:
    """Say whether a stream gets colours: the flag decides, then the environment, then its kind."""
    if choice == "never" or (choice == "auto" and environ.get("NO_COLOR")):
        return False
    shows = _shows_styles(stream)  # asked first: a Windows console has to be told
    # Ref 2026-11: https://no-color.org, https://force-color.org; "0" is what tools of Node's take
    # for no.
    if choice == "always" or any(environ.get(name, "") not in ("", "0") for name in _FORCES):
        return True
    return shows and environ.get("TERM") != "dumb"


def wants_progress(environ: Mapping[str, str], stream: TextIO) -> bool:
    """Say whether a person waits at a stream on which a line can be drawn again and again."""
    if any(environ.get(name) for name in ("CI", "GITHUB_ACTIONS")):
        return False
    return is_terminal(stream) and environ.get("TERM") != "dumb"


def _shows_styles(stream: TextIO) -> bool:
    """Say whether a stream is a terminal that understands styles."""
    if not is_terminal(stream):
        return False
    if sys.platform != "win32":
        return True
    import ctypes
    import msvcrt

    return enable_styles(ctypes.WinDLL("kernel32"), msvcrt.get_osfhandle(stream.fileno()))


def enable_styles(kernel: Any, handle: int) -> bool:
    """Have a Windows console understand styles; say whether it does, which old ones do not."""
    import ctypes

    console, mode = ctypes.c_void_p(handle), ctypes.c_uint32()
    if not kernel.GetConsoleMode(console, ctypes.byref(mode)):
        return False
    return bool(kernel.SetConsoleMode(console, ctypes.c_uint32(mode.value | _STYLES)))
