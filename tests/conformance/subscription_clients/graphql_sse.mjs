// Runs each operation after argv[3] by graphql-sse at the URL argv[2], over one connection if argv[3] is "single".
import { createClient } from "graphql-sse";

const [url, mode, ...operations] = process.argv.slice(2);
const client = createClient({ url, singleConnection: mode === "single", retryAttempts: 0 });
const run = async (query) => {
  const results = [];
  for await (const result of client.iterate({ query })) results.push(result);
  return results;
};
console.log(JSON.stringify(await Promise.all(operations.map(run))));
client.dispose();
