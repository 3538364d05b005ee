from __future__ import annotations

import subprocess
import sys


def test_the_hook_says_that_it_is_not_built_and_fails():
    code = "import sys; from keyturn.scan.hook import run; sys.exit(run())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "keyturn-scan: scanning is not built yet; remove the hook until it is\n"
