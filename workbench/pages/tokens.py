"""The look as values: reads tokens.toml and gives it to CSS, to Bokeh and to whoever draws.

Pictures are drawn with the light colours. `dark_of` maps each of them to its dark twin: one stored picture serves both.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("tokens.toml")
WHITE = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Tokens:
    """Colours by name ("canvas" → "#F5F7FA") in both modes, series colours in order, type and spacing in px."""

    light: dict[str, str]
    dark: dict[str, str]
    series: tuple[str, ...]
    series_dark: tuple[str, ...]
    heat: str
    family: str
    mono: str
    sizes_px: tuple[int, ...]
    step_px: int
    radius_px: int
    width_px: int

    def dark_of(self) -> dict[str, str]:
        """The dark twin of every light colour, as #RRGGBB in capitals."""
        named = {self.light[name]: self.dark[name] for name in self.light}
        return named | dict(zip(self.series, self.series_dark, strict=True))


@cache
def tokens() -> Tokens:
    """The tokens of tokens.toml."""
    values = tomllib.loads(FILE.read_text(encoding="utf-8"))
    light, dark, series = values["light"], values["dark"], values["series"]
    return Tokens(
        light=light,
        dark=dark,
        series=tuple(series["light"]),
        series_dark=tuple(lightened(c, dark["surface"], series["dark_contrast"]) for c in series["light"]),
        heat=series["heat"],
        family=values["type"]["family"],
        mono=values["type"]["mono"],
        sizes_px=tuple(values["type"]["sizes_px"]),
        **values["space"],
    )


def css_variables(look: Tokens | None = None) -> str:
    """The tokens as CSS custom properties: light by default, dark by the system's wish or by `data-theme`."""
    look = look or tokens()
    shared = {
        "family": look.family,
        "mono": look.mono,
        "radius": f"{look.radius_px}px",
        "width": f"{look.width_px}px",
        **{f"size-{px}": f"{px / 16}rem" for px in look.sizes_px},
        **{f"space-{n}": f"{n * look.step_px}px" for n in range(1, 8)},
    }
    light = _block({**_colours(look.light, look.series), "shadow": "0 1px 2px rgb(20 33 61 / 6%)"})
    dark = _block({**_colours(look.dark, look.series_dark), "shadow": "0 1px 2px rgb(0 0 0 / 40%)"})
    return (
        f":root{{{_block(shared)}}}\n"
        f":root{{color-scheme:light;{light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
        f":root[data-theme=dark]{{color-scheme:dark;{dark}}}\n"
        f"@media print{{:root:root:root{{color-scheme:light;{light}}}}}\n"
    )


def _colours(named: dict[str, str], series: tuple[str, ...]) -> dict[str, str]:
    numbered = {f"series-{n}": colour for n, colour in enumerate(series, 1)}
    return {name.replace("_", "-"): colour for name, colour in named.items()} | numbered


def _block(properties: dict[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in properties.items())


def bokeh_theme(mode: str = "light", look: Tokens | None = None) -> dict[str, Any]:
    """A Bokeh theme ({"attrs": …}) of these tokens; `mode` is "light" or "dark". HoloViews takes it too."""
    look = look or tokens()
    colours = look.light if mode == "light" else look.dark
    text = {"text_font": look.family, "text_color": colours["muted"]}
    axis_text = {f"{part}_{name}": value for part in ("axis_label", "major_label") for name, value in text.items()}
    return {
        "attrs": {
            "Plot": {
                "background_fill_color": colours["surface"],
                "border_fill_color": colours["surface"],
                "outline_line_color": None,
            },
            "Grid": {"grid_line_color": colours["line"], "grid_line_alpha": 1.0},
            "Axis": axis_text
            | {
                "axis_line_color": colours["line"],
                "major_tick_line_color": colours["line"],
                "minor_tick_line_color": None,
                "axis_label_text_font_style": "normal",
                "axis_label_text_font_size": "12px",
                "major_label_text_font_size": "12px",
            },
            "BaseColorBar": {
                "title_text_font": look.family,
                "title_text_font_style": "normal",
                "title_text_font_size": "12px",
                "title_text_color": colours["muted"],
                "major_label_text_font": look.family,
                "major_label_text_font_size": "12px",
                "major_label_text_color": colours["muted"],
                "background_fill_color": colours["surface"],
                "major_tick_line_color": colours["surface"],
                "bar_line_color": None,
            },
            "Label": {"text_font": look.family, "text_font_size": "13px", "text_color": colours["ink"]},
            "Title": {"text_font": look.family, "text_color": colours["ink"]},
        }
    }


def contrast(one: str, other: str) -> float:
    """Contrast of two #RRGGBB colours, 1 to 21. Source: WCAG 2.2, "contrast ratio"."""
    high, low = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))), reverse=True)
    return (high + 0.05) / (low + 0.05)


def lightened(colour: str, surface: str, wanted: float) -> str:
    """The colour, mixed with as little white (in 1/64) as gives it the wanted contrast on the surface."""
    for step in range(65):
        mixed = _hex(tuple(c + (w - c) * step / 64 for c, w in zip(_rgb(colour), WHITE, strict=True)))
        if contrast(mixed, surface) >= wanted:
            return mixed
    raise ValueError(f"{colour} cannot reach a contrast of {wanted} on {surface}")


def _rgb(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))


def _hex(rgb: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(c * 255):02X}" for c in rgb)


def _luminance(rgb: tuple[float, ...]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
