import type { Observable, Unsubscribable } from '@graphiql/toolkit';
import type { FormattedExecutionResult } from 'graphql';
import { NoAnswer } from './noAnswer';
import { type GraphQLRequest, type Options, stream } from './request';

interface Observer {
  next: (result: FormattedExecutionResult) => void;
  error: (error: unknown) => void;
  complete: () => void;
}

/** A subscription's events, as GraphiQL listens to them; whoever stops listening ends the stream. */
export const subscription = (request: GraphQLRequest, options: Options): Observable<FormattedExecutionResult> =>
  ({
    subscribe(observer: Observer): Unsubscribable {
      const controller = new AbortController();
      void listen(request, { ...options, signal: controller.signal }, observer);
      return { unsubscribe: () => controller.abort() };
    },
  }) as Observable<FormattedExecutionResult>;

async function listen(request: GraphQLRequest, options: Options, observer: Observer): Promise<void> {
  try {
    for await (const result of stream(request, options)) observer.next(result);
    observer.complete();
  } catch (error) {
    if (options.signal?.aborted) return;
    if (!(error instanceof NoAnswer)) return observer.error(error);
    observer.next({ errors: [{ message: error.message }] });
    observer.complete();
  }
}
