"""The words that people see, through gettext, in the language of whoever is looking.

The language is set for one piece of work (`with speaking("zh_Hant_HK")`) and read from a context variable, so that two
visitors served by one process do not hear each other's. A language is a folder of workbench/locale; English is in the
source. Add one: `make words` collects the words, translate its .po, `make words` again compiles it.
"""

import gettext as _gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "locale"
DOMAIN = "workbench"
SOURCE = "en"
NAMES = {"en": "English", "zh_Hant_HK": "繁體中文", "zh_Hans": "简体中文"}

_language: ContextVar[str] = ContextVar("workbench_language", default=SOURCE)


def languages() -> tuple[str, ...]:
    """The languages that can be chosen, English first."""
    translated = sorted(mo.parent.parent.name for mo in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))
    return (SOURCE, *translated)


def language() -> str:
    """The language of the work at hand."""
    return _language.get()


@contextmanager
def speaking(wanted: str) -> Iterator[str]:
    """Speak this language inside of the block; one that is not there is English."""
    token = _language.set(wanted if wanted in languages() else SOURCE)
    try:
        yield _language.get()
    finally:
        _language.reset(token)


def best(accepted: str, chosen: str | None = None) -> str:
    """The language to speak: the chosen one, else the first of an Accept-Language header that we have, else English.

    Args:
        accepted: the header, "zh-HK,zh;q=0.9,en;q=0.8"; the order given is taken as the order wished.
    """
    ours = languages()
    if chosen in ours:
        return chosen
    by_tag = {name.lower().replace("_", "-"): name for name in ours}
    for part in accepted.split(","):
        tag = part.split(";")[0].strip().lower()
        found = by_tag.get(tag) or by_tag.get(tag.split("-")[0])
        if found:
            return found
    return SOURCE


def tag(name: str) -> str:
    """The language as HTML wants it: zh_Hant_HK → zh-Hant-HK."""
    return name.replace("_", "-")


def _(message: str) -> str:
    return _catalogue(language()).gettext(message)


def ngettext(one: str, many: str, n: int) -> str:
    return _catalogue(language()).ngettext(one, many, n)


def pgettext(context: str, message: str) -> str:
    return _catalogue(language()).pgettext(context, message)


@cache
def _catalogue(name: str) -> _gettext.NullTranslations:
    return _gettext.translation(DOMAIN, FOLDER, [name], fallback=True)
