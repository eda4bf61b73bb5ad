"""The Hub's configuration as a function of the settings: `apply(c, settings)` on an empty traitlets Config.

Ports, from settings.hub: public, proxy's own, Hub's own, dashboards; all but the first on loopback, the last two where
the nodes of Slurm reach this machine. State is under settings.hub_state. A Hub that is stopped in order stops the
servers of this machine; one that is killed leaves them running, jobs of Slurm go on in any case, and the next Hub finds
them again.
"""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from traitlets.config import Config

from workbench import lab
from workbench.domain.access import pages_of, scope_of
from workbench.errors import LoginsExposed
from workbench.hub import environment, hub_database, look, own_domains, proxy, services, walls
from workbench.hub.authenticator import VIEWERS, CentreAuthenticator
from workbench.hub.centre_store import store_of
from workbench.hub.own_proxy import OwnProxy
from workbench.hub.slurm import asking, listening, ways_out
from workbench.hub.slurm.spawner import CentreSlurmSpawner
from workbench.hub.spawners import LocalSpawner
from workbench.i18n import _
from workbench.sample import is_loaded, logins
from workbench.sample.description import LABEL
from workbench.settings import Settings
from workbench.units import HOUR_S

TEMPLATES = Path(__file__).parent / "templates"
GROUPS_ASKED_EVERY_S = 60
EXTENSIONS = {
    "workbench.lab": True,
    # Seconds of every start: previews of Panel apps, language servers that are not installed.
    "panel.io.jupyter_server_extension": False,
    "jupyter_lsp": False,
    # Its library merges materials; links that pull any repository into a home are not offered.
    "nbgitpuller": False,
}
LANDING = {
    "executives": "occupancy",
    "secretariat": "spend",
    "operators": "occupancy",
    "reviewers": "applications",
    "committee": "applications",
}


def apply(c: Config, settings: Settings, environ: Mapping[str, str] = os.environ) -> None:
    """Set all that the Hub needs to run this centre.

    Raises:
        LoginsExposed: the settings name an address that others can reach while the sample logins exist.
    """
    settings.hub_state.mkdir(mode=0o700, parents=True, exist_ok=True)
    _addresses(c, settings)
    _state(c, settings)
    _people(c, settings)
    _servers(c, settings)
    _pages(c, settings)
    c.JupyterHub.services = services.services(settings, os.getpid(), environ)
    c.JupyterHub.load_roles = services.roles()
    _courses(c, settings)
    refuse_exposed_logins(c, settings)


def refuse_exposed_logins(c: Config, settings: Settings) -> None:
    """Raise LoginsExposed unless the Hub listens on loopback or no sample logins exist; asked after config.d too."""
    for url in (c.JupyterHub.bind_url, c.JupyterHub.hub_bind_url):  # one can log in at both
        host = urlsplit(str(url)).hostname or ""
        if logins.exist(settings) and not environment.is_loopback(host):
            raise LoginsExposed(host or "all addresses")


def _addresses(c: Config, settings: Settings) -> None:
    hub = settings.hub
    c.JupyterHub.bind_url = f"http://{environment.for_url(hub.ip)}:{hub.port}"
    c.JupyterHub.hub_bind_url = f"http://{environment.for_url(environment.address(settings))}:{hub.hub_port}"
    c.JupyterHub.proxy_class = OwnProxy
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{hub.proxy_api_port}"
    c.ConfigurableHTTPProxy.command = proxy.command()
    c.ConfigurableHTTPProxy.pid_file = str(settings.hub_state / "proxy.pid")
    if hub.subdomain_host:
        c.JupyterHub.subdomain_host = hub.subdomain_host
        c.JupyterHub.subdomain_hook = own_domains.domain_of
        # A page below may set cookies for all of the domain, but none whose name begins so; it asks for https.
        c.JupyterHub.cookie_host_prefix_enabled = hub.subdomain_host.startswith("https:")


def _state(c: Config, settings: Settings) -> None:
    c.JupyterHub.db_url = f"sqlite:///{settings.hub_state / 'jupyterhub.sqlite'}"
    c.JupyterHub.db_kwargs = hub_database.arguments()
    c.JupyterHub.upgrade_db = True
    c.JupyterHub.cookie_secret_file = str(settings.hub_state / "cookie_secret")
    c.JupyterHub.pid_file = str(settings.hub_state / "hub.pid")
    # Jobs of Slurm outlive the Hub, stopped in order or not, and so does their place in the queue.
    c.JupyterHub.cleanup_servers = not settings.slurm.spawns
    c.JupyterHub.cleanup_proxy = True
    c.JupyterHub.authenticate_prometheus = True


def _people(c: Config, settings: Settings) -> None:
    c.JupyterHub.authenticator_class = CentreAuthenticator
    c.CentreAuthenticator.centre = settings
    c.CentreAuthenticator.allow_all = True  # all who have a password here
    c.CentreAuthenticator.manage_groups = True
    c.CentreAuthenticator.auth_refresh_age = GROUPS_ASKED_EVERY_S
    c.CentreAuthenticator.refresh_pre_spawn = True
    c.CentreAuthenticator.username_pattern = r"^[a-z0-9][a-z0-9._@+-]{0,79}$"
    c.JupyterHub.cookie_max_age_days = 7
    c.JupyterHub.tornado_settings = {
        "cookie_options": {"samesite": "Lax"},
        "headers": {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"},
    }


def _servers(c: Config, settings: Settings) -> None:
    spawner = CentreSlurmSpawner if settings.slurm.spawns else LocalSpawner
    own = c[spawner.__name__]
    c.JupyterHub.spawner_class = spawner
    c.JupyterHub.last_activity_interval = 60
    own.centre = settings
    own.args = server_arguments()
    own.env_keep = ["LANG", "LC_ALL", "LC_CTYPE", "TZ", "VIRTUAL_ENV", "LD_LIBRARY_PATH"]
    own.server_token_scopes = services.SERVER_TOKEN_SCOPES
    own.http_timeout = settings.hub.start_timeout_s
    own.poll_interval = 5
    if settings.slurm.spawns:
        _servers_on_slurm(c, settings)
    else:
        walls.possible()  # tried now, while this process has one thread; remembered
        # -P: a file of theirs named like a module of ours must not be run in its place.
        own.cmd = [sys.executable, "-P", "-m", "jupyterhub.singleuser"]
        own.start_timeout = settings.hub.start_timeout_s


def _servers_on_slurm(c: Config, settings: Settings) -> None:
    own = c.CentreSlurmSpawner
    own.cmd = [asking.python_of(settings), "-P", "-m", "workbench.hub.slurm.server"]
    own.start_timeout = settings.slurm.queue_hours * HOUR_S
    # Those that wait in the queue count as starting.
    c.JupyterHub.concurrent_spawn_limit = 0
    c.JupyterHub.init_spawners_timeout = 1  # a Hub that comes back does not wait for their turn
    c.JupyterHub.extra_handlers = [(listening.PATH, listening.Listening), *ways_out.handlers()]


def _courses(c: Config, settings: Settings) -> None:
    """Launches from courses; under Slurm a class has no seats that they could be given."""
    if not settings.training.lti or settings.slurm.spawns:
        return
    from workbench.hub.training import lti, lti_once

    own = lti.handlers(settings, int(time.time()))
    c.JupyterHub.extra_handlers = [*(c.JupyterHub.get("extra_handlers") or []), *own]
    c.LTI13LaunchValidator.time_leeway, c.LTI13LaunchValidator.max_age = lti_once.LEEWAY_S, lti_once.MAX_AGE_S


def server_arguments() -> list[str]:
    """Options of every notebook server: it asks nothing of the internet by itself and loads what is used here only."""
    arguments = [
        "--LabApp.news_url=None",
        "--ServerApp.kernel_spec_manager_class=workbench.hub.kernels.Kernels",
        "--LabApp.extension_manager=readonly",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        f"--LabApp.extra_labextensions_path={lab.EXTENSIONS}",
        f"--ServerApp.jpserver_extensions={EXTENSIONS}",
    ]
    return [*arguments, "--allow-root"] if os.geteuid() == 0 else arguments


def _pages(c: Config, settings: Settings) -> None:
    c.JupyterHub.template_paths = [str(TEMPLATES), look.TEMPLATE_PATH]
    c.JupyterHub.template_vars = {
        **look.template_vars(settings),
        "sample": logins.exist(settings),
        "sample_label": _(LABEL) if is_loaded(store_of(settings)) else "",
    }
    c.JupyterHub.default_url = landing


def landing(handler: Any) -> str:
    """Where somebody goes after the log-in: to the page of their role, else '' (the start page, or their server)."""
    user = handler.current_user
    if user is None:
        return ""
    groups = [group.name for group in user.groups]
    page = next((LANDING[group] for group in groups if group in LANDING), None)
    if (
        page is None
        and any(group.startswith("lead:") for group in groups)
        and pages_of(scope_of(user.name, groups), groups)
    ):
        page = "projects"
    if not set(groups) - {VIEWERS}:
        page = "applications"  # without a role and a project there is nothing else here to do
    return f"/services/{services.CENTRE}/{page}" if page else ""
