"""Shows a survey: one module per format, imported only when that format is asked for.

Reads the survey and nothing else; it must not decide what is a finding.
"""

# No `from __future__ import annotations` here: the name would hide the module `annotations`.

from keyturn.errors import UsageError
from keyturn.formats import FORMATS
from keyturn.model import Survey


def render(
    survey: Survey,
    format: str,
    *,
    color: bool = False,
    width: int = 100,
    verbose: bool = False,
    server_url: str = "https://github.com",
    config_path: str | None = None,
) -> str:
    """Return the report in one of `FORMATS`, ending in a newline.

    `color`, `width` (columns) and `verbose` matter to text only, `server_url` (for links) to
    markdown, `config_path` (where tokens are declared, relative to the repository) to sarif.
    """
    if format == "text":
        from keyturn.report.text import render_text

        return render_text(survey, color=color, width=width, verbose=verbose)
    if format == "json":
        from keyturn.report.json import render_json

        return render_json(survey)
    if format == "markdown":
        from keyturn.report.markdown import render_markdown

        return render_markdown(survey, server_url=server_url)
    if format == "sarif":
        from keyturn.report.sarif import render_sarif

        return render_sarif(survey, config_path=config_path)
    raise UsageError(f"no such report format: {format}", hint="one of " + ", ".join(FORMATS))
