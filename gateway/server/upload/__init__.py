"""Files that come with an operation, by the GraphQL multipart request specification, sent on as they come."""
