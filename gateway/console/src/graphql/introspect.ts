import { buildClientSchema, getIntrospectionQuery, type GraphQLSchema, type IntrospectionQuery } from 'graphql';
import { send } from './request';

/** The router's schema, or null where it does not let clients introspect. Throws NoAnswer. */
export async function introspect(): Promise<GraphQLSchema | null> {
  const { result } = await send({ query: getIntrospectionQuery(), operationName: 'IntrospectionQuery' });
  return result.data ? buildClientSchema(result.data as unknown as IntrospectionQuery) : null;
}
