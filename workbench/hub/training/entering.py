"""Sitting down: the browser of a student is logged in as its seat, and sent to the seat's notebook."""

import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from jupyterhub.handlers.base import BaseHandler
from jupyterhub.utils import url_path_join

from workbench.domain.access import GROUP_OF_ROLE
from workbench.domain.training import SEATS_GROUP
from workbench.services.training.taking import Joined

SEAT_GROUPS = [SEATS_GROUP, GROUP_OF_ROLE["student"]]
SEATING = ThreadPoolExecutor(1, "seating")
"""One after the other: a whole class presses at once, and those who write to the store would wait for one another."""


async def enter(handler: BaseHandler, joined: Joined) -> None:
    """Log the browser in as this seat, whose user is made where it is not there yet, and redirect to where it works:
    to its server where that is ready, else to its start.
    """
    user = await handler.auth_to_user({"name": joined.name, "groups": SEAT_GROUPS})
    handler.set_login_cookie(user)
    user._auth_refreshed = time.monotonic()  # as after every log-in: it is asked again in a minute
    page = url_path_join(user.url, "lab", *(["tree", quote(joined.first_page)] if joined.first_page else []))
    if user.spawners[""].ready:
        handler.redirect(page)
    else:
        start = url_path_join(handler.hub.base_url, "spawn", user.escaped_name)
        handler.redirect(f"{start}?next={quote(page, safe='')}")
