"""One file of tokens: legible in both modes, and the same everywhere."""

import re

import pytest

from workbench.pages.shell import css
from workbench.pages.tokens import bokeh_theme, contrast, css_variables, lightened, tokens

TEXT = [
    (colour, ground)
    for colour in ("ink", "muted", "accent", "good", "watch", "act")
    for ground in ("canvas", "surface", "raised")
] + [("on_accent", "accent"), ("watch", "watch_soft"), ("act", "act_soft"), ("accent", "accent_soft")]


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize(("colour", "ground"), TEXT)
def test_text_can_be_read(mode, colour, ground):
    colours = getattr(tokens(), mode)
    assert contrast(colours[colour], colours[ground]) >= 4.5


def test_every_series_can_be_told_from_the_dark_surface():
    assert all(contrast(colour, tokens().dark["surface"]) >= 3 for colour in tokens().series_dark)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.478, abs=1e-3)


def test_a_colour_is_lightened_no_more_than_needed():
    assert lightened("#FFFFFF", "#17212B", 3) == "#FFFFFF"
    made = lightened("#000000", "#17212B", 3)
    assert 3 <= contrast(made, "#17212B") < 3.3


def test_every_light_colour_has_exactly_one_dark_twin():
    # A picture is turned dark by exchanging colours: two meanings of one colour would be turned into one of the two.
    look = tokens()
    lights = [*look.light.values(), *look.series]
    assert len(set(lights)) == len(lights)
    assert set(look.dark_of()) == set(lights)


def test_the_style_sheet_writes_no_colour_of_its_own():
    rules = str(css()).removeprefix(css_variables())
    assert not re.findall(r"#[0-9A-Fa-f]{3,8}\b(?![^{]*\{)", re.sub(r"/\*.*?\*/", "", rules, flags=re.S))


def test_every_custom_property_that_is_used_is_made():
    made = set(re.findall(r"--([a-z0-9-]+):", css_variables() + str(css())))
    used = set(re.findall(r"var\(--([a-z0-9-]+)", str(css())))
    assert used - made <= {"c"}, "--c is given by the element itself"


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_bokeh_theme_is_made_of_the_same_colours(mode):
    attrs = bokeh_theme(mode)["attrs"]
    assert attrs["Plot"]["background_fill_color"] == getattr(tokens(), mode)["surface"]
    assert attrs["Axis"]["major_label_text_color"] == getattr(tokens(), mode)["muted"]
