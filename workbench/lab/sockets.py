"""Websockets of a server outlive what they were allowed by: nobody asks again once one is open."""

import gc
import os

from tornado.websocket import WebSocketHandler

TAKEN_BACK = 1008
"""Policy violation, RFC 6455: a Lab that opens it again is asked who it is."""


def close_others() -> int:
    """Close every websocket of this server that is not its own user's; how many.

    They are looked for among all objects, since each kind (kernels, terminals, events) keeps its own list or none,
    and this is asked for once in a class.
    """
    owner = os.environ.get("JUPYTERHUB_USER", "")
    found = [one for one in gc.get_objects() if issubclass(type(one), WebSocketHandler)]
    others = [one for one in found if one.ws_connection is not None and _user(one) != owner]
    for one in others:
        one.close(TAKEN_BACK, "the consent was taken back")
    return len(others)


def _user(one: WebSocketHandler) -> str | None:
    """The name at the Hub, as JupyterHub's own identity provider has kept it; None: unknown."""
    return getattr(getattr(one, "_jupyterhub_user", None), "name", None)
