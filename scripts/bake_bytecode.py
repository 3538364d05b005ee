"""Compile what the image runs while it is built: a container is new at every run.

Run there as a file, by the image's own Python: `bake_bytecode.py PREFIX`. It writes bytecode below
PREFIX, which is copied to the place of the interpreter, and changes no source.
"""

from __future__ import annotations

import compileall
import py_compile
import subprocess
import sys
import sysconfig
import tempfile
from importlib.util import cache_from_source
from pathlib import Path

# It is never compared with its source, whose date a copied layer need not keep.
_MODE = py_compile.PycInvalidationMode.UNCHECKED_HASH
_LOAD = """\
import importlib, pkgutil, sys
sys.path.append(sys.argv[1])
import keyturn
for module in pkgutil.walk_packages(keyturn.__path__, "keyturn."):
    importlib.import_module(module.name)
for name in sys.argv[2:]:
    importlib.import_module(name)
"""
_LATE = ("encodings.idna", "encodings.utf_8_sig")
"""Parts of the standard library that are loaded at their first use; no import names them."""


def main(prefix: Path) -> None:
    """Compile the packages below `prefix`, and of the standard library what keyturn loads."""
    home = Path(sys.base_prefix)
    packages = prefix / Path(sysconfig.get_path("purelib")).relative_to(home)
    if not compileall.compile_dir(
        packages,
        quiet=1,
        stripdir=str(prefix),
        prependdir=str(home),
        invalidation_mode=_MODE,
        workers=0,
    ):
        raise SystemExit("some module does not compile")
    for source in _loaded(packages, Path(sysconfig.get_path("stdlib"))):
        py_compile.compile(
            str(source),
            cfile=cache_from_source(str(prefix / source.relative_to(home))),
            dfile=str(source),
            doraise=True,
            invalidation_mode=_MODE,
        )


def _loaded(packages: Path, library: Path) -> list[Path]:
    """Return the sources of the standard library that an interpreter compiles for keyturn.

    Its own list of modules would not do: some put another one in their place.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-I", "-X", f"pycache_prefix={folder}", "-c", _LOAD]
        subprocess.run([*command, str(packages), *_LATE], check=True)
        compiled = Path(folder, *library.parts[1:])
        files = [path.relative_to(compiled) for path in compiled.rglob("*.pyc")]
    sources = [library / path.with_name(f"{path.name.partition('.')[0]}.py") for path in files]
    return sorted(path for path in sources if "site-packages" not in path.parts)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
