"""Python source, laid out as ruff's formatter leaves it: 88 columns, one thing a line where it is more."""

import sys
from collections.abc import Iterable, Sequence

WIDTH = 88
HEADER = "# Made by `hansa client`; what is changed here is lost when it runs again.\n"


class Module:
    """A module in the making: what it imports, and its blocks in order. `name` is how others of the package import it."""

    def __init__(self, name: str, docstring: str) -> None:
        self._name = name
        self._docstring = docstring
        self._imports: dict[str, set[str]] = {}
        self._whole: set[str] = set()
        self._blocks: list[str] = []

    def use(self, module: str, name: str) -> str:
        """Imports `name` unless it is of this very module; gives it."""
        if module != self._name:
            self._imports.setdefault(module, set()).add(name)
        return name

    def use_module(self, module: str) -> str:
        """Imports a module whole; gives its name."""
        self._whole.add(module)
        return module

    def add(self, block: str) -> None:
        """A class, a function or an assignment."""
        self._blocks.append(block)

    def text(self) -> str:
        """The whole module."""
        head = f'{HEADER}"""{self._docstring}"""\n\nfrom __future__ import annotations\n'
        return head + self._imported() + "".join(f"\n\n{block}" for block in self._blocks)

    def _imported(self) -> str:
        """The imports: the standard library's, others', this package's."""
        groups: list[list[str]] = [[], [], []]
        for module in sorted(self._whole):
            groups[_group(module)].append(f"import {module}")
        for module, names in sorted(self._imports.items()):
            groups[_group(module)].append(imported(module, sorted(names)))
        return "".join("\n" + "\n".join(lines) + "\n" for lines in groups if lines)


def imported(module: str, names: Sequence[str]) -> str:
    """One import."""
    line = f"from {module} import {', '.join(names)}"
    return line if len(line) <= WIDTH else f"from {module} import {_exploded(names, '')}"


def call(head: str, arguments: Sequence[str], *, indent: str = "", tail: str = "") -> str:
    """`head(arguments)tail` in one line if it fits, else an argument a line."""
    line = f"{indent}{head}({', '.join(arguments)}){tail}"
    return line if len(line) <= WIDTH else f"{indent}{head}{_exploded(arguments, indent)}{tail}"


STRUCT = ("frozen=True", "kw_only=True")
"""What every struct says: type checkers do not take it from its base."""


def class_block(name: str, bases: Sequence[str], docstring: str, members: Iterable[str]) -> str:
    """A class; members are whole lines without indentation at their beginning."""
    head = call(f"class {name}", bases, tail=":")
    body = "\n".join(f"    {member}" for member in members)
    return f'{head}\n    """{docstring}"""\n' + (f"\n{body}\n" if body else "")


def member(name: str, annotation: str, default: str | None = None, alias: str | None = None) -> str:
    """A field of a struct; `alias` is its name in JSON where that is another one."""
    arguments = []
    if alias is not None and alias != name:
        arguments.append(f'name="{alias}"')
    if arguments and default is not None:
        arguments.append(f"default={default}")
    if arguments:
        line = call(f"{name}: {annotation} = field", arguments, indent="    ")
    else:
        line = f"    {name}: {annotation}" + ("" if default is None else f" = {default}")
    return line.removeprefix("    ")


def union(name: str, options: Sequence[str]) -> str:
    """A type alias for several types."""
    line = f"{name}: TypeAlias = {' | '.join(options)}"
    if len(line) <= WIDTH:
        return line + "\n"
    inside = "\n".join(f"    {'| ' if number else ''}{option}" for number, option in enumerate(options))
    return f"{name}: TypeAlias = (\n{inside}\n)\n"


def text_literal(text: str) -> str:
    """A text of several lines as a literal; it ends with a line's end."""
    escaped = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return f'"""\\\n{escaped}"""'


def _exploded(parts: Sequence[str], indent: str) -> str:
    inside = "".join(f"{indent}    {part},\n" for part in parts)
    return f"(\n{inside}{indent})"


def _group(module: str) -> int:
    root = module.split(".", maxsplit=1)[0]
    return (0 if root in sys.stdlib_module_names else 1) if root else 2
