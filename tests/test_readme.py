"""The README's links lead to pages that there are, and every page has one; its files exist."""

import re

import pytest

from benchmarks.serving import ROOT
from explorer.ui.menu import HOME, MENU

APP = "http://localhost:8501"
DOCUMENTS = (ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md")))


def test_every_page_of_the_menu_has_its_link_and_no_other():
    text = DOCUMENTS[0].read_text(encoding="utf-8")
    linked = {path.partition("?")[0] for path in re.findall(rf"{APP}(/[^)>\s]*)", text)}
    assert linked == {page.path for page in MENU if page.file != HOME}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_a_document_leads_to_are_there(document):
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text):
        assert (document.parent / target).exists(), target
