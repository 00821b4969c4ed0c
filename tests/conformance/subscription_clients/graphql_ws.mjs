// Runs each operation after argv[2], the router's URL, by graphql-ws over one connection; prints what came of each.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url, ...operations] = process.argv.slice(2);
const client = createClient({
  url: url.replace("http", "ws"),
  webSocketImpl: WebSocket,
  retryAttempts: 0,
  lazyCloseTimeout: 1000,
  keepAlive: 200,
});
const run = async (query) => {
  const results = [];
  try {
    for await (const result of client.iterate({ query })) results.push(result);
  } catch (errors) {
    results.push({ thrown: errors });
  }
  return results;
};
console.log(JSON.stringify(await Promise.all(operations.map(run))));
await client.dispose();
