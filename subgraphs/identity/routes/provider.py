"""The doors of the OpenID provider, made together: they share the site, its pages and its forms."""

from litestar.handlers import HTTPRouteHandler

from subgraphs.identity.routes import emails, factor_settings, password_changes, second_factors, sign_in
from subgraphs.identity.routes.browser import Browser
from subgraphs.identity.routes.factor_settings import FactorPages
from subgraphs.identity.routes.forms import FormTokens
from subgraphs.identity.routes.pages import Pages
from subgraphs.identity.routes.second_factors import FinishingPages
from subgraphs.identity.service.accounts import Identity
from subgraphs.identity.service.sessions import Sessions
from subgraphs.identity.services import Services
from subgraphs.identity.site import Site


def routes(site: Site, identity: Identity, sessions: Sessions, services: Services) -> list[HTTPRouteHandler]:
    """The route handlers of the provider at `site`."""
    tokens = FormTokens(site)
    pages, browser = Pages(site, tokens), Browser(site, sessions)
    codes, passkeys = services.codes, services.passkeys
    finishing = FinishingPages(codes, passkeys, browser, site=site, pages=pages)
    factors = FactorPages(codes, passkeys, browser, site=site, pages=pages)
    return [
        *sign_in.routes(identity, browser, pages, tokens),
        *emails.routes(services.emails, pages, tokens),
        *password_changes.routes(services.password_changes, pages, tokens),
        *second_factors.routes(finishing, pages, tokens),
        *factor_settings.routes(factors, pages, tokens),
    ]
