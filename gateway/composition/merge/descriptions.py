"""Merges descriptions: the one that most subgraphs give wins, the first of equals; the others are hinted at."""

from collections import Counter

from gateway.composition.merge.context import E, MergeContext, Sources


def merge_description(context: MergeContext, sources: Sources[E], target: E, coordinate: str) -> None:
    described = [(index, each) for index, each in sources if each.description]
    if not described:
        return
    counts = Counter(each.description for _, each in described)
    target.description = counts.most_common(1)[0][0]
    if len(counts) > 1:
        context.diagnostics.hint(
            "INCONSISTENT_DESCRIPTION",
            "WARN",
            f'Element "{coordinate}" has inconsistent descriptions across subgraphs; the supergraph uses that of'
            f" {context.names([index for index, each in described if each.description == target.description])}.",
            coordinate,
            [each.location for _, each in described],
        )
