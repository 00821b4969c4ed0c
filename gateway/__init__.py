"""The router of a GraphQL federation: composition, planning, execution and the doors to them."""
