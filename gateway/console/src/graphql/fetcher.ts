import type { Fetcher } from '@graphiql/toolkit';
import { type DocumentNode, type FormattedExecutionResult, getOperationAST } from 'graphql';
import { useLastResponse } from '../response/lastResponse';
import { NoAnswer } from './noAnswer';
import { subscription } from './subscription';
import { type GraphQLRequest, type Options, send } from './request';

/** Runs the playground's operations and notes how the last one was answered. */
export const fetcher: Fetcher = (request, options) => {
  const headers = options?.headers;
  if (request.operationName === 'IntrospectionQuery') return answer(request, { headers });
  const isStream = isSubscription(options?.documentAST, request.operationName);
  return isStream ? subscription(request, { headers }) : observed(request, { headers });
};

async function answer(request: GraphQLRequest, options: Options): Promise<FormattedExecutionResult> {
  return (await send(request, options)).result;
}

async function observed(request: GraphQLRequest, options: Options): Promise<FormattedExecutionResult> {
  const { answered, failed } = useLastResponse.getState();
  try {
    const { result, ...facts } = await send(request, options);
    answered(facts);
    return result;
  } catch (error) {
    failed();
    if (error instanceof NoAnswer) return plainError(error.message);
    throw error;
  }
}

/** As a response rather than a thrown error, which GraphiQL would show with its stack. */
const plainError = (message: string): FormattedExecutionResult => ({ errors: [{ message }] });

const isSubscription = (document: DocumentNode | undefined, operationName: string | null | undefined) =>
  document !== undefined && getOperationAST(document, operationName)?.operation === 'subscription';
