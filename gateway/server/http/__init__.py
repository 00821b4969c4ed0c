"""GraphQL over HTTP: what a request must be like and how it is answered."""
