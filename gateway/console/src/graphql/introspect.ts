import { buildClientSchema, getIntrospectionQuery, type GraphQLSchema, type IntrospectionQuery } from 'graphql';
import { send } from './request';

const introspection = { query: getIntrospectionQuery(), operationName: 'IntrospectionQuery' };

/** The router's schema, or null where it does not let clients introspect. Throws NoAnswer. */
export async function introspect(): Promise<GraphQLSchema | null> {
  const { result } = await sendAgainIfRefused();
  return result.data ? buildClientSchema(result.data as unknown as IntrospectionQuery) : null;
}

/** A refused token has ended the session; without one the router answers as to anyone. */
async function sendAgainIfRefused() {
  const answer = await send(introspection);
  return answer.status === 401 ? send(introspection) : answer;
}
