import { type GraphQLSchema, parse, validate } from 'graphql';
import anyGraph from './AnyGraph.graphql?raw';
import { platformExamples } from './platform';

export interface Example {
  query: string;
  /** JSON. */
  variables?: string;
}

export interface Examples {
  /** Keeps the open tabs of one kind of graph apart from those of another at the same address. */
  name: 'platform' | 'any';
  tabs: Example[];
}

/** The worked examples that `schema` can answer, or a first tab that every graph can. */
export function examplesFor(schema: GraphQLSchema | null): Examples {
  const tabs = schema ? platformExamples().filter(({ query }) => validate(schema, parse(query)).length === 0) : [];
  return tabs.length > 0 ? { name: 'platform', tabs } : { name: 'any', tabs: [{ query: anyGraph }] };
}
