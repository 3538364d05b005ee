"""What stops a scan; light, because the hook imports it."""

from __future__ import annotations


class ScanError(Exception):
    """Something a person is told, without a traceback; nothing was scanned."""

    code = 2


class ScanCutShort(ScanError):
    """Something was left unscanned in the middle."""

    code = 3
