"""A GPU type of Slurm as the price list writes it."""

import pytest

from workbench.domain.pricelist import sliced
from workbench.settings import SlurmSettings

SETTINGS = SlurmSettings(cluster="c", models={"rtx": "RTX 6000", "3g.40gb": "H800_3g.40gb"})


@pytest.mark.parametrize(
    ("gpu_type", "model"),
    [
        ("h800", "H800"),
        ("h800_3g.40gb", "H800_3g.40gb"),
        ("H800_3G.40GB", "H800_3g.40gb"),
        ("a100-sxm", "A100-SXM"),
        ("3g.40gb", "H800_3g.40gb"),
        ("rtx", "RTX 6000"),
    ],
)
def test_a_type_is_its_board_in_capitals_or_what_the_settings_say(gpu_type, model):
    assert SETTINGS.model(gpu_type) == model
    assert "".join(filter(None, sliced(model))).replace("_", "") == model.replace("_", "")
