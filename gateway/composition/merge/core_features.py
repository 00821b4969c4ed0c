"""Decides which core features the supergraph links, under which names, and adds their definitions.

A feature is linked when some subgraph applies one of its directives; its name is the one that subgraphs imported it
under, which must be the same in all (LINK_IMPORT_NAME_MISMATCH).
"""

from typing import Any, NamedTuple

from gateway.composition.ingest.completion import localized, specified_definition
from gateway.composition.ingest.specifications import APOLLO, directive_definition
from gateway.composition.merge.applications import MERGED
from gateway.composition.merge.context import MergeContext, subgraph_names
from gateway.composition.model.schema import Application, Kind, Type
from gateway.composition.model.value import EnumLiteral


class Feature(NamedTuple):
    """A specification carried into the supergraph."""

    name: str
    version: str
    directives: tuple[str, ...]
    purpose: str | None = None
    scalars: tuple[str, ...] = ()


FEATURES = (
    Feature("tag", "v0.3", ("tag",)),
    Feature("inaccessible", "v0.2", ("inaccessible",), "SECURITY"),
    Feature("authenticated", "v0.1", ("authenticated",), "SECURITY"),
    Feature("requiresScopes", "v0.1", ("requiresScopes",), "SECURITY", ("Scope",)),
    Feature("policy", "v0.1", ("policy",), "SECURITY", ("Policy",)),
    Feature("context", "v0.1", ("context", "fromContext"), "SECURITY", ("ContextFieldValue",)),
    Feature("cost", "v0.1", ("cost", "listSize")),
    Feature("cacheTag", "v0.1", (), "EXECUTION"),
)


def add_core_features(context: MergeContext) -> None:
    """Link the features that are used, and define their directives and scalars."""
    used = _used_names(context)
    context.core_names = {core: _one_name(context, core, names) for core, names in used.items()}
    for feature in FEATURES:
        if any(core in used for core in (feature.directives or (feature.name,))):
            _add_feature(context, feature)


def _used_names(context: MergeContext) -> dict[str, dict[str, list[str]]]:
    """For each core directive that is applied: the names it has, each with the subgraphs that call it so."""
    used: dict[str, dict[str, list[str]]] = {}
    for subgraph in context.subgraphs:
        found: set[tuple[str, str]] = set()
        for element in subgraph.schema.elements():
            for each in element.applications:
                if each.core in MERGED:
                    found.add((each.core, each.name))
        for core, name in sorted(found):
            used.setdefault(core, {}).setdefault(name, []).append(subgraph.name)
    return used


def _one_name(context: MergeContext, core: str, names: dict[str, list[str]]) -> str:
    if len(names) > 1:
        found = " but ".join(
            f'it is imported as "@{name}" in {subgraph_names(used)}' for name, used in names.items()
        )
        message = (
            f'The "@{core}" directive is imported with mismatched name between subgraphs: {found}. Import it under the'
            " same name everywhere."
        )
        context.diagnostics.error("LINK_IMPORT_NAME_MISMATCH", message, f"@{core}")
    return next(iter(names))


def _add_feature(context: MergeContext, feature: Feature) -> None:
    imports = []
    namespace = f"{feature.name}__"
    for core in feature.directives:
        local = context.core_names.get(core)
        if local is not None and local != feature.name:
            name = f"@{core}"
            imports.append(name if local == core else {"name": name, "as": f"@{local}"})
        if local is None:
            local = core if core == feature.name else f"{namespace}{core}"
        definition = specified_definition(
            local, core, localized(directive_definition(core), f"{namespace}{{}}".format)
        )
        context.supergraph.directives[local] = definition
    for scalar in feature.scalars:
        context.supergraph.types[namespace + scalar] = Type(name=namespace + scalar, kind=Kind.SCALAR)
        context.supergraph.machinery.add(namespace + scalar)
    link: dict[str, Any] = {"url": f"{APOLLO}/{feature.name}/{feature.version}"}
    if feature.purpose is not None:
        link["for"] = EnumLiteral(feature.purpose)
    if imports:
        link["import"] = imports
    context.supergraph.applications.append(Application("link", link))
