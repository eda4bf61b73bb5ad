"""A template and its data → PDF (tagged, PDF/UA-1) or pictures of its pages.

Set in Libertinus Serif, which comes with the typesetter, so that a paper is the same on every machine; Chinese is set
in Noto Serif or Sans CJK where one is installed. Nothing of the clock goes in: the same data give the same bytes.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import typst

from workbench import i18n
from workbench.pages.tokens import tokens
from workbench.settings import Centre

TEMPLATES = Path(__file__).with_name("typst")
CJK = {
    "zh_Hant_HK": ("Noto Serif CJK HK", "Noto Sans CJK HK"),
    "zh_Hans": ("Noto Serif CJK SC", "Noto Sans CJK SC"),
}
Name = Literal["statement", "report", "class"]


def pdf(name: Name, data: Mapping[str, Any], dated: datetime | None = None) -> bytes:
    """The paper as PDF.

    Args:
        name: of the template.
        data: what it says: texts, and numbers already written out.
        dated: the moment to stand in the file as that of its making, aware; None: the file names none.
    """
    if dated is not None:
        moment = dated.astimezone(UTC)
        parts = [moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second]
        data = {**data, "frame": {**data["frame"], "dated": parts}}
    made = typst.compile(**_input(name, data), format="pdf", pdf_standards=["ua-1"])
    assert isinstance(made, bytes)
    return made


def pictures(name: Name, data: Mapping[str, Any], ppi: float = 110) -> list[bytes]:
    """Its pages as PNG."""
    made = typst.compile(**_input(name, data), format="png", ppi=ppi)
    return [made] if isinstance(made, bytes) else list(made)


def frame(centre: Centre, scheme: str) -> dict[str, Any]:
    """What every paper has around it: letterhead, language, fonts, colours, sizes."""
    look, language = tokens(), i18n.language()
    lang, _, rest = language.partition("_")
    return {
        "centre": centre.name,
        "scheme": scheme,
        "lang": lang,
        "region": {"Hant_HK": "HK", "Hans": "CN"}.get(rest),
        "dated": None,
        "fonts": ["Libertinus Serif", *CJK.get(language, CJK["zh_Hant_HK"])],
        "colours": look.light,
        "series": list(look.series),
        # Sizes on the screen are in px; on paper 16 px become 10 pt.
        "sizes": [px * 0.625 for px in look.sizes_px],
    }


def _input(name: Name, data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "input": str(TEMPLATES / f"{name}.typ"),
        "root": str(TEMPLATES),
        "sys_inputs": {"data": json.dumps(data, ensure_ascii=False)},
    }
