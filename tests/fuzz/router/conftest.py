pytest_plugins = ["tests.integration.server.conftest"]
