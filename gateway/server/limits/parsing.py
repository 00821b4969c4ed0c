"""From a document's text to the document, within the limits of tokens and nesting.

Nesting is counted in the text before parsing: parser, validation and planning recurse by it.
"""

import re

from graphql import DocumentNode, GraphQLSyntaxError, parse

from gateway.server.config.limits import Limits
from gateway.server.errors import refused, refused_for

# What is skipped comes first: brackets in strings and comments nest nothing. No alternative can fail after its
# first character, so that the time is linear.
_TOKEN = re.compile(
    r'"""(?:[^"\\]|\\.?|"(?!""))*(?:"""|$)|"(?:[^"\\\n\r]|\\.?)*"?|#[^\n\r]*|[{(\[]|[})\]]', re.DOTALL
)


def parse_document(text: str, limits: Limits) -> DocumentNode:
    """The document, its size and nesting within `limits`; it is not validated yet.

    Raises RequestError with code PARSING_ERROR.
    """
    if nesting(text) > limits.parser_max_recursion:
        raise refused(
            f"The document nests deeper than {limits.parser_max_recursion} brackets", "PARSING_ERROR"
        )
    try:
        return parse(text, max_tokens=limits.parser_max_tokens, allow_empty_selection_sets=False)
    except GraphQLSyntaxError as error:
        raise refused_for([error], "PARSING_ERROR") from None


def nesting(text: str) -> int:
    """How deep brackets of any kind nest in a document's text, outside strings and comments."""
    deepest = depth = 0
    for token in _TOKEN.finditer(text):
        match text[token.start()]:
            case "{" | "(" | "[":
                depth += 1
                deepest = max(deepest, depth)
            case "}" | ")" | "]":
                depth -= 1
    return deepest
