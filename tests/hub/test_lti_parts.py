"""The settings of platforms, what is loaded without one, and that a launch counts once."""

import subprocess
import sys

import pytest

from tests.lti_platform import CLAIM
from workbench.errors import JoinRefused, SettingsError
from workbench.hub.training.lti_claims import Launched, launched
from workbench.hub.training.lti_once import LEEWAY_S, MAX_AGE_S, Once
from workbench.settings import DEFAULT_FILE, load
from workbench.settings.lti import LtiPlatform

PLATFORM = """
[[training.lti]]
title = "Moodle"
issuer = "https://moodle.example.org"
client_ids = ["one"]
authorize = "https://moodle.example.org/auth"
jwks = "{jwks}"
"""
KEYS = "https://moodle.example.org/keys"
LOADED = """
import sys
from traitlets.config import Config
from workbench.hub import configure, proxy
from workbench.settings import load
from pathlib import Path
proxy.command = lambda: ["/node", "/proxy.js"]
c = Config()
configure.apply(c, load(Path(sys.argv[1]), home=Path(sys.argv[2])), environ={})
paths = [handler[0] for handler in c.JupyterHub.get("extra_handlers", [])]
print(sorted(path for path in paths if "lti" in path), "ltiauthenticator" in sys.modules)
"""


def written(tmp_path, *parts):
    file = tmp_path / "workbench.toml"
    file.write_text(DEFAULT_FILE.read_text() + "".join(parts))
    return file


def loaded(tmp_path, *parts):
    command = [sys.executable, "-c", LOADED, str(written(tmp_path, *parts)), str(tmp_path / "home")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_without_a_platform_there_is_no_address_and_nothing_is_loaded(tmp_path):
    assert loaded(tmp_path) == "[] False"


def test_with_one_there_are_two_addresses(tmp_path):
    found = loaded(tmp_path, PLATFORM.format(jwks=KEYS))
    assert found == "['/lti13/oauth_callback', '/lti13/oauth_login'] True"


@pytest.mark.parametrize("jwks", ["http://moodle.example.org/keys", "file:///etc/passwd", "moodle.example.org/keys"])
def test_keys_are_fetched_over_tls_only(tmp_path, jwks):
    with pytest.raises(SettingsError, match="https"):
        load(written(tmp_path, PLATFORM.format(jwks=jwks)))


def test_one_registration_is_named_once(tmp_path):
    with pytest.raises(SettingsError, match="same issuer and client id"):
        load(written(tmp_path, PLATFORM.format(jwks=KEYS), PLATFORM.format(jwks=KEYS)))


def test_a_nonce_counts_once():
    once = Once(1000)
    assert once.first_time("a", 2000, 2001)
    assert not once.first_time("a", 2000, 2002)
    assert once.first_time("b", 2000, 2002)


def test_it_is_remembered_for_as_long_as_it_would_be_believed():
    once = Once(1000)
    assert once.first_time("a", 2000, 2000)
    assert not once.first_time("a", 2000, 2000 + MAX_AGE_S + LEEWAY_S)
    assert once.first_time("b", 3000, 3000)
    assert list(once._seen) == ["b"]


def test_what_was_signed_before_we_began_counts_no_more():
    once = Once(1000)
    assert not once.first_time("a", 1000 - LEEWAY_S - 1, 1001)
    assert once.first_time("b", 1000 - LEEWAY_S, 1001)


MOODLE = LtiPlatform(title="M", issuer="https://m.org", client_ids=("one",), authorize=KEYS, jwks=KEYS)
SAYS = {"sub": "7", CLAIM + "message_type": "LtiResourceLinkRequest", CLAIM + "custom": {"training": " Now234 "}}


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        ({"name": "Ada L.", "given_name": "Ada"}, "Ada L."),
        ({"given_name": "Ada", "family_name": "Lovelace"}, "Ada Lovelace"),
        ({"name": ["Ada"], "email": "ada@example.org"}, ""),
    ],
)
def test_a_launch_says_who_comes_to_which_class(named, shown):
    assert launched(SAYS | named, MOODLE) == Launched("https://m.org", "7", "now234", shown)


@pytest.mark.parametrize(
    "changed",
    [
        {CLAIM + "message_type": "LtiDeepLinkingRequest"},
        {"sub": ""},
        {"sub": 7},
        {"sub": "7" * 300},
        {CLAIM + "custom": {"training": 7}},
        {CLAIM + "custom": {}, CLAIM + "target_link_uri": "https://[centre/?training=now234"},
    ],
)
def test_what_does_not_say_so_is_refused(changed):
    with pytest.raises(JoinRefused):
        launched(SAYS | changed, MOODLE)


def test_the_same_number_at_another_platform_is_another_person():
    here, there = (Launched(issuer, "7", "now234", "") for issuer in ("https://m.org", "https://n.org"))
    assert here.seat_key != there.seat_key
