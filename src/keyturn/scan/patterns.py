"""The token formats, one row each; a table, which neither reads files nor compiles anything.

Its rows stand in `tables/`. The fixed characters are the signal. Where a vendor may lengthen its
tokens without notice, as GitHub did with `ghs_` in April 2026, the body is read tolerantly.
SailPoint and Synoptic issue values without any fixed part, which only context can tell.
"""

from __future__ import annotations

from keyturn.scan.pattern import Pattern
from keyturn.scan.tables import cloud, common, forge, saas

PATTERNS: tuple[Pattern, ...] = (*forge.ROWS, *cloud.ROWS, *saas.ROWS, *common.ROWS)
GENERIC = common.GENERIC
"""Off unless the configuration says `scan.generic`."""
