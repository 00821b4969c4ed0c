import { parse, print } from 'graphql';

/** Subgraph operations are sent in one line; this is for reading. */
export const formatOperation = (operation: string) => print(parse(operation));
