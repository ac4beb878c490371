"""The written address table is the real one."""

from pathlib import Path

from audiogen_daemon.control.addresses import ANSWERS, ROWS
from audiogen_daemon.control.document import markdown

DOCUMENT = Path(__file__).parents[2] / "docs" / "osc.md"


def test_the_document_is_made_from_the_table():
    assert DOCUMENT.read_text() == markdown(), "run: python -m audiogen_daemon.control.document > docs/osc.md"


def test_the_document_names_every_address():
    text = markdown()
    assert all(f"`{path}`" in text for path in ROWS)
    assert all(f"`{path}`" in text for path, _, _ in ANSWERS)
