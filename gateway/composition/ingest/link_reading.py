"""Reads `@link` and `@core` applications of a schema: which specifications it uses, and under which names.

What cannot be followed is reported: INVALID_LINK_IDENTIFIER, INVALID_LINK_DIRECTIVE_USAGE, an unknown version.
"""

import re
from collections.abc import Sequence

from gateway.composition.diagnostics import Diagnostics
from gateway.composition.ingest.link import Link, Links
from gateway.composition.ingest.specifications import (
    CONNECT,
    CORE,
    FEDERATION,
    FEDERATION_VERSIONS,
    LINK,
    SPECIFICATIONS,
    Version,
    federation_directives,
    federation_scalars,
)
from gateway.composition.model.coercion import coerced
from gateway.composition.model.schema import Application
from gateway.composition.model.value import EnumLiteral, Value

_VERSION = re.compile(r"v(\d+)\.(\d+)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_links(applications: Sequence[Application], diagnostics: Diagnostics, subgraph: str) -> Links:
    """Read the links of a schema from the directives on its schema definition and extensions."""
    links = Links()
    bootstrap = link_directive_name(applications)
    for application in applications:
        if application.name == bootstrap:
            _add_link(links, application, diagnostics, f"[{subgraph}] ")
    return links


def link_directive_name(applications: Sequence[Application]) -> str | None:
    """The name under which the schema applies `@link` (or `@core`), None if it does not."""
    for application in applications:
        url = application.arguments.get("url", application.arguments.get("feature"))
        if (
            isinstance(url, str)
            and url.startswith((f"{LINK}/", f"{CORE}/"))
            and _names_itself(application, url)
        ):
            return application.name
    return next((each.name for each in applications if each.name == "link"), None)


def _names_itself(application: Application, url: str) -> bool:
    default = "link" if url.startswith(LINK) else "core"
    for element in coerced(application.arguments.get("import"), "[Import]") or ():
        if isinstance(element, dict) and element.get("name") == f"@{default}":
            return bool(element.get("as") == f"@{application.name}")
    return bool(application.arguments.get("as", default) == application.name)


def _add_link(links: Links, application: Application, diagnostics: Diagnostics, prefix: str) -> None:
    arguments = application.arguments
    url = arguments.get("url", arguments.get("feature"))
    at = (application.location,)
    parsed = _parse_url(url if isinstance(url, str) else "")
    if isinstance(parsed, str):
        diagnostics.error("INVALID_LINK_IDENTIFIER", prefix + parsed, f"@{application.name}", at)
        return
    identity, name, version = parsed
    alias = arguments.get("as")
    namespace = alias if isinstance(alias, str) else name
    problem = _usage_problem(links, identity, namespace)
    if problem is not None:
        diagnostics.error("INVALID_LINK_DIRECTIVE_USAGE", prefix + problem, f"@{application.name}", at)
        return
    purpose = arguments.get("for")
    link = Link(
        identity=identity,
        name=name,
        version=version,
        namespace=namespace,
        purpose=purpose.name if isinstance(purpose, EnumLiteral) else None,
        location=application.location,
    )
    _read_imports(link, arguments.get("import"), diagnostics, prefix)
    if _is_supported(link, diagnostics, prefix):
        links.by_identity[identity] = link


def _usage_problem(links: Links, identity: str, namespace: str) -> str | None:
    if identity in links.by_identity:
        return f"Cannot link feature {identity} since it has already been linked in the schema."
    if not _NAME.fullmatch(namespace) or "__" in namespace:
        return f'Cannot link feature {identity} as "{namespace}", which is no GraphQL name without "__": rename it by `as`.'
    return None


def _parse_url(url: str) -> tuple[str, str, Version] | str:
    """Split a specification's URL into identity, name and version, or say what is wrong with it."""
    base, _, last = url.rstrip("/").rpartition("/")
    scheme, _, rest = url.partition("://")
    if not rest or not scheme:
        return f'Invalid @link url "{url}": expected a URL such as https://specs.apollo.dev/federation/v2.9'
    if not rest.rstrip("/").partition("/")[2]:
        return f"Missing path in feature url '{url}'"
    matched = _VERSION.fullmatch(last)
    if matched is None:
        return f"Expected a version string (of the form v1.2), got {last}"
    return base, base.rpartition("/")[2], (int(matched[1]), int(matched[2]))


def _read_imports(link: Link, imports: Value, diagnostics: Diagnostics, prefix: str) -> None:
    for element in coerced(imports, "[Import]") or ():
        given = element if isinstance(element, dict) else {"name": element}
        name, alias = given.get("name"), given.get("as")
        if not isinstance(name, str) or not (alias is None or isinstance(alias, str)):
            problem: str | None = (
                f"Each import of {link.url} must be a name, or {{name: ..., as: ...}} with strings."
            )
        else:
            problem = _import_problem(link, name, alias)
            link.imports[name] = alias if alias and problem is None else name
        if problem is not None:
            diagnostics.error("INVALID_LINK_DIRECTIVE_USAGE", prefix + problem, None, (link.location,))


def _import_problem(link: Link, name: str, alias: str | None) -> str | None:
    if alias is not None and name.startswith("@") != alias.startswith("@"):
        wanted, kind = ("", "directive") if name.startswith("@") else ("not ", "type")
        return f'Invalid @link import renaming: {kind} "{name}" import name should {wanted}start with a "@".'
    if alias is not None and (
        not _NAME.fullmatch(alias.removeprefix("@")) or alias.startswith(("__", "@__"))
    ):
        return f'Invalid @link import renaming: "{alias}" is no GraphQL name, or one that is reserved.'
    elements = known_elements(link)
    if elements is not None and name not in elements:
        hint = f' Did you mean directive "@{name}"?' if f"@{name}" in elements else ""
        return f'Cannot import unknown element "{name}".{hint}'
    return None


def known_elements(link: Link) -> set[str] | None:
    """What a known specification lets a schema import; None for one that composition does not know."""
    if link.identity == FEDERATION:
        directives = {f"@{name}" for name in federation_directives(link.version)}
        return directives | set(federation_scalars(link.version))
    if link.identity == LINK:
        return {"@link", "Import", "Purpose"}
    specification = SPECIFICATIONS.get(link.identity)
    return (
        {f"@{name}" for name in specification.directives} | set(specification.scalars)
        if specification
        else None
    )


def _is_supported(link: Link, diagnostics: Diagnostics, prefix: str) -> bool:
    at = (link.location,)
    version = f"v{link.version[0]}.{link.version[1]}"
    if link.identity == FEDERATION and link.version not in FEDERATION_VERSIONS:
        message = f"{prefix}Invalid version {version} for the federation feature in @link directive on schema"
        diagnostics.error("UNKNOWN_FEDERATION_LINK_VERSION", message, "schema", at)
        return False
    if link.identity == LINK and link.version != (1, 0):
        diagnostics.error(
            "UNKNOWN_LINK_VERSION",
            f"{prefix}Schema uses unknown version {version} of the link spec",
            "schema",
            at,
        )
        return False
    if link.identity == CONNECT:
        message = (
            f"{prefix}Connectors ({link.url}) are not supported: resolve these fields in a subgraph instead."
        )
        diagnostics.error("UNSUPPORTED_FEATURE", message, "schema", at)
        return False
    return True
