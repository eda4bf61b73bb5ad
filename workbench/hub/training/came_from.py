"""The address that a request came from, by what the proxies on its way add, not by what whoever sends it claims.

Tornado believes `X-Real-Ip` before all else, and the Hub's own proxy hands that through as it came. The proxy appends
whom it talks to at the end of `X-Forwarded-For`; where another stands before it, the Hub's setting
`trusted_downstream_ips` names that one. A Hub of root believes its own proxy alone: a notebook server of this machine,
which has a user of its own, can ask the Hub without the proxy, and is known by that user.
"""

import os

from tornado.httputil import HTTPServerRequest
from tornado.netutil import is_valid_ip

from workbench.hub import listening

IPV4 = 2
"""Parts of such an address."""


def address_of(request: HTTPServerRequest, trusted: list[str], hub_port: int) -> str:
    """The last hop that is none of ours; the peer where no proxy is between. "" where it is not known.

    Args:
        request: at the Hub.
        trusted: addresses of proxies before the Hub's own.
        hub_port: at which the Hub was asked.
    """
    context = getattr(request.connection, "context", None)
    if (uid := _another_s(context, hub_port)) is not None:
        return f"user id {uid}"
    hops = [hop.strip() for line in request.headers.get_list("X-Forwarded-For") for hop in line.split(",")]
    for hop in reversed(hops):
        if is_valid_ip(hop) and hop not in trusted:
            return hop
    return getattr(context, "_orig_remote_ip", None) or request.remote_ip or ""


def _another_s(context: object, hub_port: int) -> int | None:
    """The user id of who asks from this machine, where that is another than ours."""
    peer = getattr(context, "address", None)
    if os.geteuid() != 0 or not isinstance(peer, tuple) or len(peer) != IPV4:
        return None
    uid = listening.owner(peer[0], peer[1], hub_port)
    return uid if uid not in (None, os.geteuid()) else None
