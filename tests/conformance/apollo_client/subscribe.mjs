// Subscribes by Apollo Client over HTTP to argv[3] at the router at argv[2], and prints what it is told.
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";

const client = new ApolloClient({ link: new HttpLink({ uri: process.argv[2] }), cache: new InMemoryCache() });
const told = [];
client.subscribe({ query: gql(process.argv[3]) }).subscribe({
  next: ({ data, error }) => told.push(error ? { data, error: error.message } : { data }),
  error: (error) => console.log(JSON.stringify([...told, { thrown: error.message }])),
  complete: () => console.log(JSON.stringify(told)),
});
