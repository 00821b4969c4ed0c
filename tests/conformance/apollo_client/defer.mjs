// Asks the router at argv[2] an operation that defers and prints each state of the data that Apollo Client shows.
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { Defer20220824Handler } from "@apollo/client/incremental";

const client = new ApolloClient({
  link: new HttpLink({ uri: process.argv[2] }),
  cache: new InMemoryCache(),
  incrementalHandler: new Defer20220824Handler(),
});
const query = gql(process.argv[3]);
const states = [];
client.watchQuery({ query, returnPartialData: false }).subscribe({
  next: ({ data, error, dataState, networkStatus }) => {
    if (data) states.push({ data, dataState });
    if (error) throw error;
    if (dataState === "complete") {
      console.log(JSON.stringify(states));
      client.stop();
    }
  },
  error: (error) => {
    throw error;
  },
});
