"""The doors of the OpenID provider, made together: they share the site, its pages and its forms."""

from litestar.handlers import HTTPRouteHandler

from subgraphs.identity.provider import Provider
from subgraphs.identity.routes import authorize, device, discovery, logout, sign_in, token, userinfo
from subgraphs.identity.routes import tokens as tokens_routes
from subgraphs.identity.routes.asked import Asking
from subgraphs.identity.routes.browser import Browser
from subgraphs.identity.routes.forms import FormTokens
from subgraphs.identity.routes.pages import Pages
from subgraphs.identity.sealing import Sealer


def routes(provider: Provider, sealer: Sealer) -> list[HTTPRouteHandler]:
    """The route handlers of the provider."""
    site = provider.site
    tokens = FormTokens(site)
    pages, browser = Pages(site, tokens), Browser(site, provider.sessions)
    authorizer = authorize.Authorizer(
        site,
        clients=provider.clients,
        authorization=provider.authorization,
        identity=provider.identity,
        browser=browser,
        pages=pages,
        asking=Asking(sealer),
    )
    return [
        *sign_in.routes(provider.identity, browser, pages, tokens),
        *authorize.routes(authorizer, site, pages, tokens),
        *token.routes(provider.clients, provider.grants, provider.devices),
        *tokens_routes.routes(provider.clients, provider.token_status),
        *device.routes(provider, browser, pages, tokens),
        *logout.routes(provider, browser, pages, tokens),
        *userinfo.routes(provider.claims),
        *discovery.routes(site),
    ]
