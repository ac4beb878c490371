"""The examples in docs/python-api.md and in the README's Python section run as they stand and print what they say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live_daemon import live_daemon

ROOT = Path(__file__).parent.parent
PRINTED = re.compile(r"print\(.*\)  # (.*)")


def example(text: str) -> str:
    return "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))


def python_section(readme: str) -> str:
    return readme.partition("### From Python")[2].partition("###")[0]


@pytest.mark.parametrize(
    "code",
    [
        example((ROOT / "docs" / "python-api.md").read_text("utf-8")),
        example(python_section((ROOT / "README.md").read_text("utf-8"))),
    ],
    ids=["docs", "readme"],
)
def test_the_examples_run_and_print_what_they_say(code, tmp_path):
    promised = PRINTED.findall(code)
    assert "Client()" in code
    assert promised
    (tmp_path / "example.py").write_text(f"import warnings\n\nwarnings.simplefilter('error')\n{code}", "utf-8")
    with live_daemon(tmp_path) as daemon:
        program = (tmp_path / "example.py").read_text("utf-8").replace("Client()", f"Client(port={daemon.port})")
        own = {"XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env=os.environ | own,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == promised
