"""Makes the README's pictures from the sandbox: a report on a terminal, and an issue.

`make pictures`. What they show was really printed and really sent; only the frame is drawn here.
"""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from markdown_it import MarkdownIt

from keyturn.instants import format_rfc3339
from keyturn.sandbox import Sandbox, example

TARGET = Path("docs/images")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
COMMAND = ("check", "--issues")
PORT = 8181
"""Of the sandbox: the providers' addresses are in the pictures, and stay as they are."""
TOKEN = "release-gitlab"
WIDTH = 900

_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_COLORS = {"31": "#ff6b6b", "32": "#98c379", "33": "#e5c07b", "36": "#56b6c2"}
_STYLES = {"1": "font-weight:bold;color:#fff", "2": "color:#828a99"}

_TERMINAL = """<!doctype html><meta charset="utf-8"><style>
body{{margin:0;background:#1e1f24}}
pre{{margin:0;padding:20px 22px;color:#d7dae0;font:13.5px/1.38 "DejaVu Sans Mono",monospace}}
</style><pre><span style="color:#828a99">$ </span>keyturn {command}

{report}</pre>"""

_ISSUE = """<!doctype html><meta charset="utf-8"><style>
body{{margin:0;padding:22px 26px;color:#1f2328;background:#fff}}
body{{font:14px/1.5 "DejaVu Sans",sans-serif}}
h1{{margin:0 0 10px;font-size:24px;font-weight:normal}} h1 span{{color:#59636e}}
.state{{display:inline-block;padding:3px 12px;border-radius:20px;background:#1f883d;color:#fff}}
.by{{margin-left:8px;color:#59636e}}
.label{{padding:2px 9px;border-radius:12px;background:#ddf4ff;color:#0969da;font-size:12px}}
.body{{margin-top:16px;padding:4px 16px;border:1px solid #d1d9e0;border-radius:6px}}
h2,h3{{margin:18px 0 8px;padding-bottom:4px;border-bottom:1px solid #d1d9e0;font-size:18px}}
table{{border-collapse:collapse;font-size:13px}} th,td{{padding:5px 11px;border:1px solid #d1d9e0}}
code{{padding:2px 5px;border-radius:5px;background:#eff1f3;font:12px "DejaVu Sans Mono",monospace}}
pre{{padding:12px;border-radius:6px;background:#f6f8fa}} pre code{{padding:0;background:none}}
blockquote{{margin:0;padding-left:14px;border-left:3px solid #d1d9e0;color:#59636e}}
a{{color:#0969da}}
</style><h1>{title} <span>#{number}</span></h1><span class="state">Open</span>
<span class="by"><b>{author}</b> opened this issue</span> {labels}
<div class="body">{body}</div>"""

_MEASURE = "<script>document.title=document.documentElement.scrollHeight</script>"


def pages() -> Iterator[tuple[str, str]]:
    """Run keyturn against the sandbox; give the name and the page of each picture."""
    with Sandbox(example.NOW, port=PORT) as box, tempfile.TemporaryDirectory() as folder:
        filled = example.fill(box)
        for path, text in filled.files.items():
            target = Path(folder) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        environ = {"GITHUB_API_URL": box.github.url, **filled.environ}
        yield (
            "check",
            _TERMINAL.format(
                command=" ".join(COMMAND), report=_colored(_run(Path(folder), environ))
            ),
        )
        issues = box.github.repository(example.REPOSITORY).issues
        (issue,) = (each for each in issues.values() if TOKEN in each.title)
        labels = (f'<span class="label">{html.escape(name)}</span>' for name in issue.labels)
        yield (
            "issue",
            _ISSUE.format(
                title=html.escape(issue.title),
                number=issue.number,
                author=html.escape(issue.author),
                labels=" ".join(labels),
                body=MarkdownIt("commonmark", {"html": True})
                .enable("table")
                .render(issue.body or ""),
            ),
        )


def _run(folder: Path, environ: Mapping[str, str]) -> str:
    flags = ["--repository", example.REPOSITORY, "--at", format_rfc3339(example.NOW)]
    done = subprocess.run(
        [sys.executable, "-m", "keyturn", *COMMAND, *flags, "--color", "always"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "COLUMNS": "105", **environ},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 1:
        raise SystemExit(f"pictures: keyturn ended with {done.returncode}, and not with findings")
    return done.stdout


def _colored(text: str) -> str:
    """Return what a terminal would show, as HTML."""
    shown = []
    pieces = _SGR.split(text)
    for codes, piece in zip(["", *pieces[1::2]], pieces[::2], strict=True):
        styles = [_STYLES[code] for code in codes.split(";") if code in _STYLES]
        styles += [f"color:{_COLORS[code]}" for code in codes.split(";") if code in _COLORS]
        escaped = html.escape(piece)
        shown.append(f'<span style="{";".join(styles)}">{escaped}</span>' if styles else escaped)
    return "".join(shown)


def photograph(browser: str, page: str, target: Path) -> None:
    """Write a picture of a page, as high as the page is."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "page.html"
        source.write_text(page + _MEASURE, encoding="utf-8")
        command = [browser, "--headless", "--disable-gpu", "--hide-scrollbars"]
        command += ["--no-first-run", "--disable-background-networking", "--disable-sync"]
        command += ["--disable-dev-shm-usage", f"--user-data-dir={folder}/profile"]
        if sys.platform != "win32" and os.geteuid() == 0:
            command.append("--no-sandbox")

        def browse(*flags: str) -> str:
            words = [*command, *flags, source.as_uri()]
            return subprocess.run(
                words, capture_output=True, text=True, check=True, timeout=90
            ).stdout

        measured = browse(f"--window-size={WIDTH},200", "--dump-dom")
        height = re.findall(r"<title>(\d+)</title>", measured)[0]
        browse(f"--window-size={WIDTH},{height}", f"--screenshot={target.absolute()}")


def main() -> int:
    """Make every picture, or say what is missing."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print(f"pictures: none of {', '.join(BROWSERS)} is installed", file=sys.stderr)
        return 2
    for name, page in pages():
        photograph(browser, page, TARGET / f"{name}.png")
        print(TARGET / f"{name}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
