"""The Hub's configuration, on an empty Config."""

import os
import sqlite3
from contextlib import closing

import pytest
from jupyterhub.scopes import scope_definitions
from traitlets.config import Config

from workbench.errors import LoginsExposed
from workbench.hub import configure, proxy, services
from workbench.hub.authenticator import VIEWERS, CentreAuthenticator
from workbench.hub.slurm import listening
from workbench.hub.slurm.spawner import CentreSlurmSpawner
from workbench.hub.spawners import LocalSpawner
from workbench.sample import logins
from workbench.settings import SlurmSettings


@pytest.fixture(autouse=True)
def _installed_proxy(monkeypatch):
    monkeypatch.setattr(proxy, "command", lambda: ["/node", "/proxy.js"])


@pytest.fixture
def configured(settings):
    c = Config()
    configure.apply(c, settings, environ={"PATH": "/bin"})
    return c


def listening_on(settings, ip):
    return settings.model_copy(update={"hub": settings.hub.model_copy(update={"ip": ip})})


def test_only_the_public_port_can_be_reached_from_elsewhere(settings):
    c = Config()
    configure.apply(c, listening_on(settings, "0.0.0.0"), environ={})
    assert c.JupyterHub.bind_url == "http://0.0.0.0:8000"
    assert c.JupyterHub.hub_bind_url == "http://127.0.0.1:8002"
    assert c.ConfigurableHTTPProxy.api_url == "http://127.0.0.1:8001"
    (centre,) = [service for service in c.JupyterHub.services if service["name"] == services.CENTRE]
    assert centre["url"] == "http://127.0.0.1:8003"


def test_users_have_domains_of_their_own_where_the_settings_name_one(settings, configured):
    assert "subdomain_host" not in configured.JupyterHub
    public = "https://centre.example.org"
    c = Config()
    hub = settings.hub.model_copy(update={"subdomain_host": public})
    configure.apply(c, settings.model_copy(update={"hub": hub}), environ={})
    assert c.JupyterHub.subdomain_host == public
    assert c.JupyterHub.subdomain_hook("ana", "centre.example.org", "user") == "ana.centre.example.org"
    assert c.JupyterHub.cookie_host_prefix_enabled
    assert c.JupyterHub.bind_url == "http://127.0.0.1:8000"


def test_an_ipv6_address_is_written_in_brackets(settings):
    c = Config()
    configure.apply(c, listening_on(settings, "::1"), environ={})
    assert c.JupyterHub.bind_url == "http://[::1]:8000"


@pytest.mark.parametrize("ip", ["0.0.0.0", "", "::", "192.168.1.5", "example.org"])
def test_the_hub_refuses_to_be_reached_while_the_sample_logins_exist(settings, ip):
    logins.file(settings).parent.mkdir(parents=True)
    logins.file(settings).write_text("[]")
    with pytest.raises(LoginsExposed, match="sample logins"):
        configure.apply(Config(), listening_on(settings, ip), environ={})


@pytest.mark.parametrize("ip", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_on_loopback_the_sample_logins_are_fine(settings, ip):
    logins.file(settings).parent.mkdir(parents=True)
    logins.file(settings).write_text("[]")
    configure.apply(Config(), listening_on(settings, ip), environ={})


def test_what_a_site_adds_cannot_open_the_door_while_they_exist(settings, configured):
    logins.file(settings).parent.mkdir(parents=True)
    logins.file(settings).write_text("[]")
    configured.JupyterHub.bind_url = "http://:8000"
    with pytest.raises(LoginsExposed):
        configure.refuse_exposed_logins(configured, settings)


def test_all_state_is_below_the_state_folder(settings, configured):
    hub = configured.JupyterHub
    paths = [
        hub.db_url.removeprefix("sqlite:///"),
        hub.cookie_secret_file,
        hub.pid_file,
        configured.ConfigurableHTTPProxy.pid_file,
    ]
    assert all(path.startswith(f"{settings.hub_state}{os.sep}") for path in paths)
    assert settings.hub_state.stat().st_mode & 0o077 == 0


def test_the_hub_s_commits_are_not_waited_for_on_the_disk(configured, tmp_path):
    arguments = configured.JupyterHub.db_kwargs["connect_args"]
    with closing(sqlite3.connect(tmp_path / "hub.sqlite", **arguments)) as opened:
        assert opened.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert opened.execute("PRAGMA synchronous").fetchone() == (1,)


def test_a_hub_that_is_stopped_stops_its_servers_and_its_proxy(configured):
    assert configured.JupyterHub.cleanup_servers
    assert configured.JupyterHub.cleanup_proxy


def test_people_servers_and_proxy_are_ours(settings, configured):
    assert configured.JupyterHub.authenticator_class is CentreAuthenticator
    assert configured.JupyterHub.spawner_class is LocalSpawner
    assert configured.ConfigurableHTTPProxy.command == ["/node", "/proxy.js"]
    assert configured.LocalSpawner.centre is settings


# --- servers that are jobs of Slurm ---


def on_slurm(settings, **changes):
    changes = {"cluster": "c1", "python": "/nodes/python", "address": "10.0.0.7"} | changes
    return settings.model_copy(update={"slurm": SlurmSettings(**changes)})


def test_with_slurm_servers_are_its_jobs_and_outlive_the_hub(settings):
    c = Config()
    configure.apply(c, on_slurm(settings), environ={"PATH": "/bin", "SLURM_CONF": "/slurm.conf"})
    assert c.JupyterHub.spawner_class is CentreSlurmSpawner
    assert c.CentreSlurmSpawner.cmd == ["/nodes/python", "-P", "-m", "workbench.hub.slurm.server"]
    assert c.CentreSlurmSpawner.start_timeout == 24 * 3600
    assert c.JupyterHub.cleanup_servers is False
    assert c.JupyterHub.services[2]["environment"]["SLURM_CONF"] == "/slurm.conf"
    assert ("/api/listening", listening.Listening) in c.JupyterHub.extra_handlers


def test_nodes_reach_the_hub_and_the_pages_and_nothing_else(settings):
    c = Config()
    configure.apply(c, on_slurm(settings), environ={})
    assert c.JupyterHub.bind_url == "http://127.0.0.1:8000"
    assert c.JupyterHub.hub_bind_url == "http://10.0.0.7:8002"
    (centre,) = [service for service in c.JupyterHub.services if service["name"] == services.CENTRE]
    assert centre["url"] == "http://10.0.0.7:8003"
    assert c.ConfigurableHTTPProxy.api_url == "http://127.0.0.1:8001"


def test_nobody_logs_in_with_a_sample_login_from_a_node(settings):
    logins.file(settings).parent.mkdir(parents=True)
    logins.file(settings).write_text("[]")
    with pytest.raises(LoginsExposed):
        configure.apply(Config(), on_slurm(settings), environ={})


def test_slurm_without_servers_changes_nothing_of_the_hub(settings):
    c = Config()
    configure.apply(c, on_slurm(settings, spawn=False), environ={})
    assert c.JupyterHub.spawner_class is LocalSpawner
    assert c.JupyterHub.hub_bind_url == "http://127.0.0.1:8002"
    assert c.JupyterHub.cleanup_servers is True


def test_a_role_that_was_taken_counts_within_minutes(configured):
    assert 0 < configured.CentreAuthenticator.auth_refresh_age <= 120
    assert configured.CentreAuthenticator.refresh_pre_spawn


def test_all_scopes_exist():
    used = {*services.SERVER_TOKEN_SCOPES, *(scope for role in services.roles() for scope in role["scopes"])}
    assert {scope.split("!")[0] for scope in used} <= set(scope_definitions)


def test_a_server_s_token_may_only_say_that_it_lives_let_its_owner_in_and_read_their_scope():
    assert set(services.SERVER_TOKEN_SCOPES) == {
        "users:activity!user", "access:servers!server", "access:services!service=centre",
    }  # fmt: skip


def test_operators_stop_servers_but_never_enter_them_or_act_as_others():
    (operator,) = [role for role in services.roles() if role["name"] == "centre-operator"]
    assert operator["groups"] == ["operators"]
    forbidden = {
        "access:servers",
        "admin:servers",
        "servers",
        "tokens",
        "admin:users",
        "admin:groups",
        "users",
        "admin:auth_state",
    }
    assert not forbidden & set(operator["scopes"])


def test_only_viewers_and_seats_reach_the_centre_s_service():
    granting = [role for role in services.roles() if services.SEE_CENTRE in role["scopes"]]
    assert [role["groups"] for role in granting] == [[VIEWERS], ["seats"]]


def test_idle_servers_are_culled_as_the_settings_say(settings, configured):
    (culler,) = [service for service in configured.JupyterHub.services if service["name"] == "idle-culler"]
    assert f"--timeout={settings.hub.idle_timeout_s}" in culler["command"]
    (role,) = [role for role in configured.JupyterHub.load_roles if role["name"] == "idle-culler"]
    assert role["services"] == ["idle-culler"]
    assert "delete:servers" in role["scopes"]


def test_services_are_told_which_settings_are_meant(settings):
    found = services.services(settings, 1, {"WORKBENCH_CONFIG": "/etc/workbench.toml", "PATH": "/bin", "SECRET": "x"})
    (environment,) = [service["environment"] for service in found if service["name"] == services.CENTRE]
    assert environment["WORKBENCH_HOME"] == str(settings.home)
    assert environment["WORKBENCH_PORT"] == "8000"
    assert environment["WORKBENCH_CONFIG"] == "/etc/workbench.toml"
    assert "SECRET" not in environment


def test_services_end_with_the_hub(configured):
    commands = [service["command"] for service in configured.JupyterHub.services]
    assert all(command[1:4] == ["-m", "workbench.hub.bound", str(os.getpid())] for command in commands)


class Group:
    def __init__(self, name):
        self.name = name


class Visitor:
    """As much of a handler as is looked at."""

    def __init__(self, *groups):
        self.current_user = self
        self.name = "somebody"
        self.groups = [Group(name) for name in groups]


@pytest.mark.parametrize(
    ("groups", "url"),
    [
        (["executives"], "/services/centre/occupancy"),
        (["operators"], "/services/centre/occupancy"),
        (["secretariat"], "/services/centre/spend"),
        (["lead:alpha", VIEWERS], "/services/centre/projects"),
        (["lead:alpha", "executives"], "/services/centre/occupancy"),
        (["member:alpha", VIEWERS], ""),
        (["reviewers", VIEWERS], "/services/centre/applications"),
        (["committee", VIEWERS], "/services/centre/applications"),
        ([VIEWERS], "/services/centre/applications"),
        (["students"], ""),
        (["students", "lead:training"], ""),
    ],
)
def test_everybody_lands_on_the_page_of_their_role(groups, url):
    assert configure.landing(Visitor(*groups)) == url


def test_nobody_lands_anywhere_before_the_log_in():
    visitor = Visitor()
    visitor.current_user = None
    assert configure.landing(visitor) == ""
