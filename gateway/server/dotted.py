"""What a configuration names by a dotted name, such as `shop.policies.decide`.

A module is found as Python finds modules, and in the configuration's own folder. One of that folder is read anew where
its file has changed since: whoever took something from it before keeps what it took.
"""

import sys
from collections.abc import Iterable
from importlib import import_module, invalidate_caches
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

_folders: set[Path] = set()
_versions: dict[str, tuple[int, int]] = {}


def find_modules_in(folder: Path) -> None:
    """From now on modules are found in `folder`, after all that is installed."""
    folder = folder.resolve()
    _folders.add(folder)
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
        invalidate_caches()


def load_by_name(name: str, *, key: str) -> Any:
    """What `name` names. Raises ValueError, which says where the name stands: at `key`."""
    module_name, _, attribute = name.rpartition(".")
    try:
        return getattr(_module(module_name), attribute)
    except Exception as error:  # whatever a module raises while it is imported
        raise ValueError(f"`{key}` names {name!r}, which cannot be loaded: {_told(error)}") from error


def files_of(names: Iterable[str]) -> frozenset[Path]:
    """The files that would be read anew for these names."""
    modules = (sys.modules.get(name.rpartition(".")[0]) for name in names)
    return frozenset(file for module in modules if module and (file := _own_file(module)))


def _module(name: str) -> ModuleType:
    module = import_module(name)
    file = _own_file(module)
    if file is None:
        return module
    version = _version(file)
    if _versions.setdefault(name, version) != version:
        module = _read_anew(module, file)
        _versions[name] = version
    return module


def _read_anew(module: ModuleType, file: Path) -> ModuleType:
    """A new module beside the old one; compiled from its text, since a cached one may be as old as the second it has."""
    spec = spec_from_file_location(module.__name__, file)
    assert spec is not None
    fresh = module_from_spec(spec)
    sys.modules[module.__name__] = fresh
    try:
        exec(compile(file.read_bytes(), str(file), "exec"), fresh.__dict__)  # noqa: S102 - the operator's own code
    except BaseException:
        sys.modules[module.__name__] = module
        raise
    return fresh


def _own_file(module: ModuleType) -> Path | None:
    file = Path(getattr(module, "__file__", None) or ".").resolve()
    return file if any(file.is_relative_to(folder) for folder in _folders) and file.suffix == ".py" else None


def _version(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_mtime_ns, status.st_size


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, ImportError | AttributeError) else repr(error)
