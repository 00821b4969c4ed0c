import { useGraphiQL } from '@graphiql/react';
import { parse } from 'jsonc-parser';
import type { GraphQLRequest, Options } from '../graphql/request';

interface Operation {
  request: GraphQLRequest;
  options: Options;
}

/** What the open tab would send, as one string that changes when it does; null where the tab is empty. */
export function useOperation(): string | null {
  return useGraphiQL(({ tabs, activeTabIndex }) => {
    const tab = tabs[activeTabIndex];
    if (!tab?.query?.trim()) return null;
    const operation: Operation = {
      request: {
        query: tab.query,
        variables: parseObject(tab.variables),
        operationName: tab.operationName,
      },
      options: { headers: parseObject(tab.headers) as Record<string, string> | undefined },
    };
    return JSON.stringify(operation);
  });
}

export const parseOperation = (text: string) => JSON.parse(text) as Operation;

/** The editors' JSON may have comments and be half typed. */
function parseObject(text: string | null | undefined): object | undefined {
  const value: unknown = text ? parse(text) : undefined;
  return typeof value === 'object' && value !== null ? value : undefined;
}
