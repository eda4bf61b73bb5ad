"""A domain for each user, where the settings name one for the Hub: what somebody runs in their server is then of
another origin than the Hub and its pages, also in the browser of who was let in.

Source: JupyterHub, "Security overview", per-user subdomains; JupyterHub.subdomain_host and subdomain_hook.
"""

from urllib.parse import urlsplit

from jupyterhub.utils import subdomain_hook_idna

from workbench.settings import Settings


def domain_of(name: str, domain: str, kind: str) -> str:
    """The domain of a user or a service below the Hub's: JupyterHub's own choice for users.

    The centre's pages stay at the Hub's: they are ours as it is, and lead to it and back by their paths.
    """
    return domain if kind == "service" else str(subdomain_hook_idna(name, domain, kind))


def origin_of(settings: Settings, name: str) -> str:
    """Scheme, domain and port at which browsers reach a user's server; "": those of the Hub."""
    hub = urlsplit(settings.hub.subdomain_host)
    if not hub.hostname:
        return ""
    port = f":{hub.port}" if hub.port else ""
    return f"{hub.scheme}://{domain_of(name, hub.hostname, 'user')}{port}"
