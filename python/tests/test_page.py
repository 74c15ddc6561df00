# SPDX-License-Identifier: Apache-2.0
import pathlib
import re
import subprocess
import sys

import pytest

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/howto/python.md"


def test_the_script_of_the_page_trains_a_network_of_torchvision(shards):
    pytest.importorskip("torchvision")
    scripts = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (script,) = (text for text in scripts if "torchvision" in text)
    assert len(script.splitlines()) <= 30
    for shown, here in ('"run/demo/shards"', repr(str(shards))), ("range(20)", "range(1)"):
        assert shown in script
        script = script.replace(shown, here)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=1200)
    assert (run.returncode, run.stderr) == (0, "")
    assert re.fullmatch(r"0 \d+\.\d+ [01]\.\d+\n", run.stdout)
