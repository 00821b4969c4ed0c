"""What is installed together does not overwrite one another: which file wins would hang on the order of unpacking."""

from collections import defaultdict
from importlib.metadata import distributions


def test_no_file_belongs_to_two_wheels() -> None:
    owners: dict[str, set[str]] = defaultdict(set)
    for distribution in distributions():
        for file in distribution.files or ():
            if file.suffix == ".py":
                owners[str(file)].add(distribution.name)
    assert not {file: names for file, names in owners.items() if len(names) > 1}
