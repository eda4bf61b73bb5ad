"""The domain of the Hub below which each user's server has one of its own."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

_NAME = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z]([a-z0-9-]*[a-z0-9])?")


def _domain(text: str) -> str:
    if not text:
        return text
    try:
        parts = urlsplit(text.lower())
        # A number has no names below it, so an IP address is none. Written anew: without a path, a log-in, a query.
        named = parts.scheme in ("http", "https") and _NAME.fullmatch(parts.hostname or "") is not None
        whole = f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"
    except ValueError:
        named, whole = False, ""
    if not named or whole != text.lower():
        raise ValueError(
            f"{text!r} is no address below which each user can have a domain "
            "(write one like https://centre.example.org, without a path)"
        )
    return whole


Domain = Annotated[str, AfterValidator(_domain)]
