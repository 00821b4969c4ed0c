"""A new subgraph's room, made from the template: its package, its tests and its entry point."""

import re
from pathlib import Path
from string import Template

from gateway.platform.errors import PlatformError

TEMPLATE = Path(__file__).parents[1] / "cli" / "templates" / "subgraph"
_NAME = re.compile(r"[a-z][a-z0-9]{1,39}")
_ENTRY_POINTS = '[project.entry-points."hansa.subgraphs"]\n'


def make_room(root: Path, name: str, entity: str) -> list[Path]:
    """Writes `subgraphs/NAME` and its tests under `root`, and names it in `pyproject.toml`; gives the files.

    Raises:
        PlatformError: the name is unfit or taken, or `root` is not this kind of repository.
    """
    project = root / "pyproject.toml"
    _check(root, project, name, entity)
    values = {"name": name, "Name": name.capitalize(), "entity": entity.lower(), "Entity": entity}
    places = {
        "subgraph": root / "subgraphs" / name,
        "unit": root / "tests" / "unit" / name,
        "integration": root / "tests" / "integration" / name,
    }
    made = [_write(file, places, values) for file in sorted(TEMPLATE.rglob("*.template"))]
    line = f'{name} = "subgraphs.{name}.app:service"\n'
    project.write_text(project.read_text().replace(_ENTRY_POINTS, _ENTRY_POINTS + line))
    return [*made, project]


def _check(root: Path, project: Path, name: str, entity: str) -> None:
    if not _NAME.fullmatch(name):
        raise PlatformError(f"{name!r} is not a name: 2 to 40 lower-case letters and digits, a letter first")
    if (root / "subgraphs" / name).exists():
        raise PlatformError(f"subgraphs/{name} exists already")
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", entity) or entity.lower() == name:
        raise PlatformError(
            f"{entity!r} is not an entity's name: a word like Ship, other than {name!r}; see --entity"
        )
    if not project.is_file() or _ENTRY_POINTS not in project.read_text():
        raise PlatformError(f"{root.resolve()} has no pyproject.toml with {_ENTRY_POINTS.strip()}")


def _write(file: Path, places: dict[str, Path], values: dict[str, str]) -> Path:
    place, *rest = file.relative_to(TEMPLATE).parts
    target = places[place].joinpath(*rest).with_suffix("")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(Template(file.read_text()).substitute(values))
    return target
