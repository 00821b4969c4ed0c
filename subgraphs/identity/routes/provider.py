"""The doors of the OpenID provider, made together: they share the site, its pages and its forms."""

from litestar.handlers import HTTPRouteHandler

from common.sealing import Sealer
from subgraphs.identity.provider import Provider
from subgraphs.identity.routes import (
    authorize,
    device,
    discovery,
    emails,
    factor_settings,
    logout,
    password_changes,
    pushed_requests,
    second_factors,
    sign_in,
    token,
    userinfo,
)
from subgraphs.identity.routes import tokens as tokens_routes
from subgraphs.identity.routes.asked import Asking
from subgraphs.identity.routes.browser import Browser
from subgraphs.identity.routes.factor_settings import FactorPages
from subgraphs.identity.routes.forms import FormTokens
from subgraphs.identity.routes.pages import Pages
from subgraphs.identity.routes.second_factors import FinishingPages
from subgraphs.identity.services import Services


def routes(provider: Provider, services: Services, sealer: Sealer) -> list[HTTPRouteHandler]:
    """The route handlers of the provider."""
    site = provider.site
    tokens = FormTokens(site)
    pages, browser = Pages(site, tokens), Browser(site, provider.sessions)
    codes, passkeys = services.codes, services.passkeys
    finishing = FinishingPages(codes, passkeys, browser, site=site, pages=pages)
    factors = FactorPages(codes, passkeys, browser, site=site, pages=pages)
    authorizer = authorize.Authorizer(
        site,
        clients=provider.clients,
        authorization=provider.authorization,
        pushed=provider.pushed_requests,
        identity=provider.identity,
        browser=browser,
        pages=pages,
        asking=Asking(sealer),
    )
    return [
        *sign_in.routes(provider.identity, provider.signing_in, browser, pages, tokens),
        *authorize.routes(authorizer, site, pages, tokens),
        *pushed_requests.routes(provider.clients, provider.pushed_requests),
        *token.routes(provider),
        *tokens_routes.routes(provider.clients, provider.token_status, provider.homes),
        *device.routes(provider, browser, pages, tokens),
        *logout.routes(provider, browser, pages, tokens),
        *userinfo.routes(provider.claims),
        *discovery.routes(site),
        *emails.routes(services.emails, pages, tokens),
        *password_changes.routes(services.password_changes, pages, tokens),
        *second_factors.routes(finishing, pages, tokens),
        *factor_settings.routes(factors, pages, tokens),
    ]
