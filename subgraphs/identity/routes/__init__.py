"""Identity's HTTP doors."""
