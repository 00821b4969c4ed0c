// The user's side of a flow: has the test visit a URL in its browser, and gives the URL that it was sent back to.
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export const visit = async (url) => {
  console.log(JSON.stringify({ visit: String(url) }));
  return new URL((await lines.next()).value);
};

export const report = (result) => {
  console.log(JSON.stringify({ result }));
  process.exit(0);
};
