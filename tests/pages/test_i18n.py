"""Words are spoken in the language of whoever looks; what is not translated stays English."""

import threading

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo

from workbench import i18n
from workbench.settings import ROOT


@pytest.fixture
def chinese(tmp_path, monkeypatch):
    """A locale folder with a Chinese of three words."""
    catalogue = Catalog(locale="zh_Hant_HK")
    catalogue.add("Centre occupancy", "中心使用率")
    catalogue.add(("{n} minute ago", "{n} minutes ago"), ("{n} 分鐘前",))
    folder = tmp_path / "zh_Hant_HK" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "workbench.mo").open("wb") as file:
        write_mo(file, catalogue)
    monkeypatch.setattr(i18n, "FOLDER", tmp_path)
    i18n._catalogue.cache_clear()
    yield
    i18n._catalogue.cache_clear()


def test_a_language_is_spoken_inside_of_its_block(chinese):
    assert i18n._("Centre occupancy") == "Centre occupancy"
    with i18n.speaking("zh_Hant_HK") as spoken:
        assert spoken == "zh_Hant_HK"
        assert i18n._("Centre occupancy") == "中心使用率"
        assert i18n.ngettext("{n} minute ago", "{n} minutes ago", 3) == "{n} 分鐘前"
        assert i18n._("Subsidy spend") == "Subsidy spend"
    assert i18n._("Centre occupancy") == "Centre occupancy"


def test_two_visitors_do_not_hear_each_other(chinese):
    heard = {}

    def visit():
        heard["other"] = i18n._("Centre occupancy")

    with i18n.speaking("zh_Hant_HK"):
        visitor = threading.Thread(target=visit)
        visitor.start()
        visitor.join()
    assert heard["other"] == "Centre occupancy"


@pytest.mark.parametrize(
    ("accepted", "chosen", "spoken"),
    [
        ("en-GB,en;q=0.9", None, "en"),
        ("zh-Hant-HK,zh;q=0.9,en;q=0.8", None, "zh_Hant_HK"),
        ("fr-FR", None, "en"),
        ("", None, "en"),
        ("en", "zh_Hant_HK", "zh_Hant_HK"),
        ("zh-Hant-HK", "en", "en"),
        ("zh-Hant-HK", "../../etc", "zh_Hant_HK"),
    ],
)
def test_the_choice_comes_before_the_browsers_wish(chinese, accepted, chosen, spoken):
    assert i18n.best(accepted, chosen) == spoken


def test_an_unknown_language_is_english():
    with i18n.speaking("tlh") as spoken:
        assert spoken == "en"


def test_the_words_of_pages_and_templates_can_be_collected():
    method = [
        ("workbench/**.py", "python"),
        ("dashboards/**.py", "python"),
        ("workbench/**/templates/**.html", "jinja2"),
    ]
    found = set()
    for _file, _line, message, _comments, _context in extract_from_dir(str(ROOT), method, directory_filter=_ours):
        found.add(message[0] if isinstance(message, tuple) else message)
    assert {"Subsidy spend", "Show as table", "Start a server", "{n} minute ago"} <= found


def _ours(folder):
    return not any(part in str(folder) for part in (".venv", "node_modules", "__pycache__", "/var", "/.git"))
