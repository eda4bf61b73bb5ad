"""What a launch by LTI 1.3 says once its signature, audience, times and nonce have been found right.

Of the course only the class is taken, of the person only who they are to their platform and how they are called. Roles
are not read: whoever teaches there gets a seat as everybody does, and is no instructor here.

Source: 1EdTech, LTI Core Specification 1.3, 5.3 and 5.4 (claims of a resource link launch).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

from workbench.errors import JoinRefused
from workbench.i18n import _
from workbench.settings.lti import LtiPlatform

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
RESOURCE_LINK = "LtiResourceLinkRequest"
NAME_OF_CLASS = "training"
"""The custom parameter, or the part of the link's address, that names a class by its handle."""
LONGEST = 255


@dataclass(frozen=True)
class Launched:
    """Who comes, from where, to which class. `shown_name` is '' where the platform keeps names to itself."""

    issuer: str
    subject: str
    handle: str
    shown_name: str

    @property
    def seat_key(self) -> str:
        """By which the same person finds the same seat again: of fixed length, and without their id at the platform."""
        return sha256(f"{self.issuer}\n{self.subject}".encode()).hexdigest()


def launched(claims: Mapping[str, Any], platform: LtiPlatform) -> Launched:
    """What the claims say.

    Raises:
        JoinRefused: another message than the opening of a link, another deployment, nobody named, or no class.
    """
    if claims.get(CLAIM + "message_type") != RESOURCE_LINK:
        raise JoinRefused("launch", _("Only an activity of a course can be opened here."))
    if platform.deployments and _text(claims.get(CLAIM + "deployment_id")) not in platform.deployments:
        raise JoinRefused(
            "lti", _("This part of {platform} may not open classes here.").format(platform=platform.title)
        )
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST:
        words = _("{platform} does not say who you are, so no seat could be found again. Log in there first.")
        raise JoinRefused("launch", words.format(platform=platform.title))
    handle = _handle(claims)
    if not handle:
        words = _(
            "The activity names no class. Its author writes the class into it: {parameter}=… as custom parameter."
        )
        raise JoinRefused("launch", words.format(parameter=NAME_OF_CLASS))
    return Launched(platform.issuer, subject, handle, _name(claims))


def _handle(claims: Mapping[str, Any]) -> str:
    custom = claims.get(CLAIM + "custom")
    named = _text(custom.get(NAME_OF_CLASS)) if isinstance(custom, Mapping) else ""
    if named:
        return named.lower()
    try:
        query = urlsplit(_text(claims.get(CLAIM + "target_link_uri"))).query
    except ValueError:
        return ""
    return parse_qs(query).get(NAME_OF_CLASS, [""])[0].strip().lower()


def _name(claims: Mapping[str, Any]) -> str:
    parts = " ".join(part for key in ("given_name", "family_name") if (part := _text(claims.get(key))))
    return _text(claims.get("name")) or parts


def _text(value: object) -> str:
    return value.strip()[:LONGEST] if isinstance(value, str) else ""
