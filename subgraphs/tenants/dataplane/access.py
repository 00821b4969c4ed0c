"""How the data plane shows the control plane who it is: as a client of the issuer's, or by a token that both know."""

from common.auth.authorized_transport import AuthorizedTransport
from common.auth.client_credentials import ClientCredentials
from common.http import Transport, TransportLimits, open_transport
from common.proxy import ProxyOptions
from common.settings import Secret, SettingsError
from subgraphs.tenants.dataplane.settings import ProxySettings

SCOPE = "tenants:dataplane"
_CHANGES = TransportLimits(max_response_size=256 * 1024 * 1024)
"""All tenants' configurations are one answer."""


def open_control(settings: ProxySettings, options: ProxyOptions) -> tuple[Transport, Secret]:
    """The way to the control plane, and the token that goes with each request unless the transport has one.

    Raises:
        SettingsError: there is neither a token nor a client.
    """
    transport = open_transport(settings.control_url, apps=options.apps, limits=_CHANGES)
    if settings.client_secret is None or not settings.token_url:
        if settings.control_token is None:
            raise SettingsError(
                "Settings of proxy: neither HANSA_TENANTS_TOKEN is set, nor HANSA_PROXY_CLIENT_SECRET with HANSA_TOKEN_URL"
            )
        return transport, settings.control_token
    issuer = open_transport(settings.token_url, apps=options.apps)
    credentials = ClientCredentials(issuer, settings.client_id, settings.client_secret, SCOPE)
    return AuthorizedTransport(transport, credentials), Secret("")
