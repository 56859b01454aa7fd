"""The glossary's terms and the QR codes of links: checked without a browser."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from explorer.ui import glossary, qr
from explorer.ui.menu import MENU


def test_every_term_is_in_order_and_whole():
    names = [term.name for term in glossary.terms()]
    written = re.findall(r'^name = "(.+)"$', glossary._FILE.read_text(encoding="utf-8"), re.M)
    assert written == sorted(written, key=str.casefold) == names
    assert len(set(names)) == len(names) >= 40
    for term in glossary.terms():
        assert term.text.endswith(".")
        assert term.latex
        assert term.source
        assert term.latex.count("{") == term.latex.count("}")


def test_every_link_opens_a_page_of_the_menu_once_a_term():
    paths = {page.path for page in MENU}
    for term in glossary.terms():
        seen = [link.partition("?")[0] for link in term.seen]
        assert seen
        assert set(seen) <= paths
        assert len(set(seen)) == len(seen), term.name


@pytest.mark.parametrize(
    ("search", "first"),
    [
        ("snr", "Signal-to-noise ratio"),
        ("fokker", "Continuity equation"),
        ("CFG", "Classifier-free guidance"),
        ("kynka", ""),
    ],
)
def test_a_term_is_found_by_its_other_names(search: str, first: str):
    found = [term.name for term in glossary.matching(search)]
    assert (found or [""])[0] == first or first in found[:2]


def test_an_empty_search_gives_everything_and_nonsense_nothing():
    assert glossary.matching("  ") == list(glossary.terms())
    assert glossary.matching("<script>zzz") == []


def test_a_code_has_its_quiet_zone_and_is_dark_on_white():
    drawing = ElementTree.fromstring(qr.svg("http://192.168.1.20:8501/reverse_race?seed=5"))
    side = int(drawing.attrib["viewBox"].split()[-1])
    assert (side - 8 - 17) % 4 == 0  # 17 + 4 · version modules, and four white ones around them
    ground, modules = drawing
    assert (ground.attrib["fill"], modules.attrib["stroke"]) == ("#fff", "#000")
    assert modules.attrib["d"].startswith("M4 4.5h7")  # the finder pattern's upper edge


@pytest.mark.parametrize("link", ["", "javascript:alert(1)", "http://" + "a" * qr.LONGEST])
def test_what_is_no_link_gets_no_code(link: str):
    with pytest.raises(ValueError, match="give"):
        qr.svg(link)


def test_the_longest_link_still_fits():
    assert "viewBox" in qr.svg("http://" + "a" * (qr.LONGEST - 7))
