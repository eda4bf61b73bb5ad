"""The parts [[training.lti]] of the settings: learning platforms (Moodle, Canvas) whose courses may open a class."""

from hashlib import sha256
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from workbench.settings.section import Section

_HERE = ("localhost", "127.0.0.1", "::1")


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        known = bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
        )
    except ValueError:
        known = False
    if not known:
        raise ValueError(f"{text!r} is no address that can be trusted (write one that begins with https://)")
    return text


Address = Annotated[str, AfterValidator(_address)]
Words = Annotated[str, Field(min_length=1, max_length=250)]


class LtiPlatform(Section):
    """One platform, as it describes itself to a tool of LTI 1.3. Without one of them there is no launch at all.

    title: as students know it; issuer: its platform id; client_ids: under which this centre is registered there;
    authorize: its authentication request address; jwks: where its public keys are; projects: whose classes its courses
    may open, deployments: ids of its deployments that may (both empty: all).
    """

    title: Words
    issuer: Words
    client_ids: Annotated[tuple[Words, ...], Field(min_length=1)]
    authorize: Address
    jwks: Address
    projects: tuple[str, ...] = ()
    deployments: tuple[str, ...] = ()

    def key(self, client_id: str) -> str:
        """A short name of one registration, that says nothing of it."""
        return sha256(f"{self.issuer}\n{client_id}".encode()).hexdigest()[:16]


def once_each(platforms: tuple[LtiPlatform, ...]) -> tuple[LtiPlatform, ...]:
    """The platforms themselves, if no issuer has the same client id twice."""
    keys = [platform.key(client) for platform in platforms for client in platform.client_ids]
    if len(keys) != len(set(keys)):
        raise ValueError("two platforms have the same issuer and client id")
    return platforms


Platforms = Annotated[tuple[LtiPlatform, ...], AfterValidator(once_each)]
