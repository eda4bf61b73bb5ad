"""The Hub of the workbench: settings from workbench.toml, applied; then what the site adds in config.d/*.py."""

from pathlib import Path

from workbench import settings as workbench_settings
from workbench.hub.configure import apply, refuse_exposed_logins

settings = workbench_settings.load()
apply(c, settings)

for addition in sorted((Path(workbench_settings.ROOT) / "hub_config" / "config.d").glob("*.py")):
    load_subconfig(str(addition))
refuse_exposed_logins(c, settings)
