"""Identity's SQL, and nothing but: each function is one statement in the caller's transaction."""
