"""What every service shares: app factory, authentication, telemetry, database, events, embedded servers."""
