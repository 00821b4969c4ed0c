"""The typed model of a schema: types, references, values and field sets."""
