import { useEffect, useState } from 'react';
import { type Examples, examplesFor } from './examples/examples';
import { NoAnswer } from './graphql/noAnswer';
import { introspect } from './graphql/introspect';

/** What the page has to know of the router before it shows a playground. */
type Graph =
  | { state: 'loading' }
  | { state: 'unreachable'; message: string }
  | { state: 'reached'; canSignIn: boolean; examples: Examples };

export function useGraph(): { graph: Graph; reload(): void } {
  const [graph, setGraph] = useState<Graph>({ state: 'loading' });
  const reload = () => void load().then(setGraph);
  useEffect(reload, []);
  return { graph, reload };
}

async function load(): Promise<Graph> {
  try {
    const schema = await introspect();
    const canSignIn = schema?.getMutationType()?.getFields()['signIn'] !== undefined;
    return { state: 'reached', canSignIn, examples: examplesFor(schema) };
  } catch (error) {
    if (error instanceof NoAnswer) return { state: 'unreachable', message: error.message };
    throw error;
  }
}
