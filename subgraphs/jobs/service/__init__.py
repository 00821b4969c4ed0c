"""The use cases of jobs: one call, one transaction; so is each batch that an event asks for."""
