"""What the `@override`s of one field mean, for each subgraph."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Overrides:
    """By subgraph index: whom a field overrides, what is overridden (still used there or not), and labels."""

    sources: dict[int, str] = field(default_factory=dict)
    unused: set[int] = field(default_factory=set)
    used: set[int] = field(default_factory=set)
    labels: dict[int, str] = field(default_factory=dict)

    @property
    def overridden(self) -> set[int]:
        """The subgraphs that no longer resolve the field, or not for every caller."""
        return self.unused | self.used | (self.labels.keys() - self.sources.keys())
