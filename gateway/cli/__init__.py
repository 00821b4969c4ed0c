"""The `hansa` command. Each subcommand is imported when it is called, so that none waits for another's imports."""

import sys

from cyclopts import App, CycloptsError

from gateway.cli.failure import USAGE, CommandError
from gateway.server.process import begin

app = App(
    name="hansa",
    help="A GraphQL federation: composer, router and platform.",
    version_flags=[],
    result_action="return_value",
    print_error=True,
    exit_on_error=False,
    end_of_options_delimiter="--",
)
app.command("gateway.cli.up:up", name="up", help="Bring up the whole platform with demo data.")
app.command("gateway.cli.serve:serve", name="serve", help="Serve a supergraph file at /graphql.")
app.command("gateway.cli.compose:compose", name="compose", help="Compose subgraph schemas to a supergraph.")
config = App(name="config", help="Describe or check the router's configuration.")
config.command("gateway.cli.config:schema", name="schema", help="Print the JSON Schema of router.yaml.")
config.command("gateway.cli.config:validate", name="validate", help="Check a router.yaml.")
app.command(config)
app.command("gateway.cli.check:check", name="check", help="List what a new supergraph changes for clients.")
app.command("gateway.cli.client:client", name="client", help="Make a typed Python client of operations.")
app.command("gateway.cli.plan:plan", name="plan", help="Show the query plan of an operation.")
app.command(
    "gateway.cli.subgraph:subgraph", name="subgraph", help="Run one of the platform's services alone."
)
app.command("gateway.cli.worker:worker", name="worker", help="Run background jobs.")
app.command("gateway.cli.proxy:proxy", name="proxy", help="Serve tenants' APIs: the reverse proxy.")
app.command("gateway.cli.new:new", name="new", help="Make the room of a new subgraph.")
app.command("gateway.cli.version:version", name="version", help="Print the version.")


def main() -> None:
    """Runs the command line and exits: 0 done, 1 refused, 2 wrong usage, 3 the address is taken, 130 interrupted."""
    begin()
    try:
        status = app(sys.argv[1:])
    except CycloptsError:
        sys.exit(USAGE)
    except CommandError as error:
        print(f"hansa: {error}", file=sys.stderr)
        sys.exit(error.status)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    sys.exit(status or 0)
