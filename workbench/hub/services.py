"""What runs beside the Hub, and which role may do what: plain data, so that a test can read it.

Nobody is an administrator in the Hub's sense: operators see and stop servers but cannot enter them or act as others.
"""

import os
import sys
from collections.abc import Mapping

from workbench.domain.access import GROUP_OF_ROLE
from workbench.domain.training import SEATS_GROUP
from workbench.hub.authenticator import VIEWERS
from workbench.hub.bound import command
from workbench.hub.environment import address, for_url
from workbench.hub.preloaded import client
from workbench.settings import Settings

CENTRE = "centre"
SEE_CENTRE = f"access:services!service={CENTRE}"
SERVER_TOKEN_SCOPES = ["users:activity!user", "access:servers!server", SEE_CENTRE]
"""What a server may do in its owner's name: say that it is used, let them in, read their scope of the centre."""
CULLER_SCOPES = ["list:users", "read:users:activity", "read:servers", "delete:servers"]
PULSE_SCOPES = ["list:users", "read:servers", "admin:server_state"]
"""To see which servers the Hub knows, by the id in their state."""
CLASSES_SCOPES = [
    "list:users", "read:servers", "admin:server_state", "admin:users", "start:servers", "delete:servers",
    "tokens!group=seats", "users:activity", "shares!group=seats", "access:servers!group=seats", "read:users:shares",
]  # fmt: skip
"""To make the users of seats, start, keep and stop their servers, try one before the class, remove them after it, and
open one to the instructor where its student wants that."""
OPERATOR_SCOPES = [
    "admin-ui", "list:users", "read:users", "read:servers", "delete:servers", "read:groups", "list:groups",
    "list:services", "read:services", "read:hub", "read:metrics",
]  # fmt: skip


def services(settings: Settings, hub_pid: int, environ: Mapping[str, str]) -> list[dict[str, object]]:
    """The parent of servers, idle culler, dashboards, pulse, classes. `environ` may name other settings."""
    idle_s = settings.hub.idle_timeout_s
    culler = [f"--timeout={idle_s}", f"--cull-every={max(10, min(300, idle_s // 4))}"]
    ahead = {
        "name": "preloaded",
        "command": command(
            hub_pid, client.MODULE, str(settings.hub_state / client.SOCKET), ",".join(map(str, settings.hub.ports))
        ),
        "environment": environment(settings, environ),
        "display": False,
    }
    return [
        *([ahead] if client.wanted(settings) else []),
        {"name": "idle-culler", "command": command(hub_pid, "jupyterhub_idle_culler", *culler), "display": False},
        {
            "name": CENTRE,
            "command": command(hub_pid, "dashboards.serve"),
            "url": f"http://{for_url(address(settings))}:{settings.hub.dashboards_port}",
            "oauth_no_confirm": True,
            "environment": environment(settings, environ),
            "timeout": 20,
        },
        {
            "name": "pulse",
            "command": command(hub_pid, "workbench.hub.pulse"),
            "environment": environment(settings, environ),
            "display": False,
        },
        {
            "name": "classes",
            "command": command(hub_pid, "workbench.hub.training.rounds"),
            "environment": environment(settings, environ),
            "display": False,
        },
    ]


def environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """What tells a process of ours which settings are meant."""
    own = {"WORKBENCH_HOME": str(settings.home), "WORKBENCH_PORT": str(settings.hub.port)}
    own["PATH"] = os.pathsep.join([os.path.dirname(sys.executable), environ.get("PATH", os.defpath)])  # noqa: PTH120
    own |= {name: environ[name] for name in ("WORKBENCH_CONFIG", "HOME", "SLURM_CONF") if name in environ}
    return own


def roles() -> list[dict[str, object]]:
    """Hub roles beyond the built-in ones."""
    return [
        {
            "name": "centre-viewer",
            "description": "Open the centre's pages",
            "scopes": [SEE_CENTRE],
            "groups": [VIEWERS],
        },
        {
            "name": "seat",
            "description": "Tell the centre what a seat of a class did; it sees no figure and no page",
            "scopes": [SEE_CENTRE],
            "groups": [SEATS_GROUP],
        },
        {
            "name": "centre-operator",
            "description": "See people and servers, stop servers",
            "scopes": OPERATOR_SCOPES,
            "groups": [GROUP_OF_ROLE["operator"]],
        },
        {
            "name": "pulse",
            "description": "See which servers the Hub knows",
            "scopes": PULSE_SCOPES,
            "services": ["pulse"],
        },
        {
            "name": "classes",
            "description": "Start, look after and end the servers of classes",
            "scopes": CLASSES_SCOPES,
            "services": ["classes"],
        },
        {
            "name": "idle-culler",
            "description": "Stop idle servers",
            "scopes": CULLER_SCOPES,
            "services": ["idle-culler"],
        },
    ]
