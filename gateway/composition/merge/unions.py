"""Merges union types: the members of all subgraphs."""

from gateway.composition.merge.context import MergeContext, Sources
from gateway.composition.model.schema import Application, Type


def merge_union(context: MergeContext, sources: Sources[Type], target: Type) -> None:
    target.members = dict.fromkeys(member for _, each in sources for member in each.members)
    for member in target.members:
        for index, each in sources:
            if member in each.members:
                arguments = {"graph": context.graphs[index], "member": member}
                target.applications.append(Application("join__unionMember", arguments))
    for member in target.members:
        missing = [index for index, each in sources if member not in each.members]
        if missing:
            context.diagnostics.hint(
                "INCONSISTENT_UNION_MEMBER",
                "DEBUG",
                f'Union type "{target.name}" includes member type "{member}" in some but not all defining subgraphs: it is'
                f" missing from {context.names(missing)}.",
                target.name,
                [each.location for _, each in sources],
            )
