"""The keys of TLS: how the router is known to clients and to subgraphs, and which subgraphs it trusts. Values are PEM texts."""

from msgspec import Struct

from common.http.tls import Certificate


class ServerTls(Struct, frozen=True):
    """How clients know the router; `certificate_chain` has those between its certificate and the root."""

    certificate: str
    key: str
    certificate_chain: str = ""

    @property
    def own(self) -> Certificate:
        """What clients are shown."""
        return Certificate(f"{self.certificate}\n{self.certificate_chain}", self.key)


class ClientAuthentication(Struct, frozen=True):
    """How subgraphs know the router; the chain begins with its own certificate."""

    certificate_chain: str
    key: str


class SubgraphTls(Struct, frozen=True):
    """The authorities that vouch for a subgraph, instead of the system's, and what it is shown."""

    certificate_authorities: str | None = None
    client_authentication: ClientAuthentication | None = None

    @property
    def own(self) -> Certificate | None:
        """What subgraphs are shown."""
        shown = self.client_authentication
        return None if shown is None else Certificate(shown.certificate_chain, shown.key)


class SubgraphsTls(Struct, frozen=True):
    """For all subgraphs, and for each: what its own entry says beats what `all` says."""

    all: SubgraphTls = SubgraphTls()
    subgraphs: dict[str, SubgraphTls] = {}

    def of(self, subgraph: str) -> SubgraphTls:
        """What holds for `subgraph`."""
        own = self.subgraphs.get(subgraph, SubgraphTls())
        return SubgraphTls(
            own.certificate_authorities or self.all.certificate_authorities,
            own.client_authentication or self.all.client_authentication,
        )


class Tls(Struct, frozen=True):
    """TLS to clients and to subgraphs."""

    supergraph: ServerTls | None = None
    subgraph: SubgraphsTls = SubgraphsTls()
