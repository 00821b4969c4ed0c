import type { FormattedExecutionResult } from 'graphql';
import { endpoint } from '../endpoint';
import { useSession } from '../session/session';
import { eventData } from './eventStream';
import { NoAnswer } from './noAnswer';

const JSON_ANSWER = 'application/graphql-response+json, application/json;q=0.9';

export interface GraphQLRequest {
  query: string;
  variables?: unknown;
  operationName?: string | null | undefined;
}

export interface Answer {
  status: number;
  result: FormattedExecutionResult;
  /** W3C trace id of the request, from the response header `hansa-trace-id`. */
  traceId: string | null;
  /** From sending the request to the last byte of the answer, in milliseconds. */
  duration: number;
}

export interface Options {
  headers?: Record<string, string> | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Sends one operation as GraphQL over HTTP, with the session's token unless `headers` bring their own.
 *
 * A refused token ends the session. An answer with errors is an answer; throws NoAnswer where there is none.
 */
export async function send(request: GraphQLRequest, { headers, signal }: Options = {}): Promise<Answer> {
  const sent = requestHeaders(JSON_ANSWER, headers);
  const started = performance.now();
  const response = await post(JSON.stringify(request), sent, signal);
  const text = await response.text();
  const duration = performance.now() - started;
  if (response.status === 401) useSession.getState().refused(sent.get('authorization'));
  return {
    status: response.status,
    result: parseResult(response, text),
    traceId: response.headers.get('hansa-trace-id'),
    duration,
  };
}

/** Opens the stream of a subscription's events; what comes in its place is given as its only event. */
export async function* stream(request: GraphQLRequest, { headers, signal }: Options = {}) {
  const sent = requestHeaders('text/event-stream', headers);
  const response = await post(JSON.stringify(request), sent, signal);
  if (response.status === 401) useSession.getState().refused(sent.get('authorization'));
  if (response.body && response.headers.get('content-type')?.startsWith('text/event-stream')) {
    for await (const data of eventData(response.body)) yield parseResult(response, data);
  } else {
    yield parseResult(response, await response.text());
  }
}

function requestHeaders(accept: string, own: Record<string, string> = {}): Headers {
  const headers = new Headers({ accept, 'content-type': 'application/json' });
  const { session } = useSession.getState();
  if (session) headers.set('authorization', `Bearer ${session.accessToken}`);
  for (const [name, value] of Object.entries(own)) setHeader(headers, name, value);
  return headers;
}

function setHeader(headers: Headers, name: string, value: string): void {
  try {
    headers.set(name, value);
  } catch {
    throw new NoAnswer(`Request not sent. The header "${name}" is not a valid HTTP header.`);
  }
}

async function post(body: string, headers: Headers, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await fetch(endpoint, { method: 'POST', headers, body, signal: signal ?? null });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new NoAnswer(`No answer from the router at ${endpoint}. Is it running?`);
  }
}

function parseResult(response: Response, text: string): FormattedExecutionResult {
  const result = parseJson(text);
  if (isExecutionResult(result)) return result;
  const status = `${response.status} ${response.statusText}`.trim();
  const type = response.headers.get('content-type') ?? 'no content type';
  throw new NoAnswer(`${endpoint} answered ${status} (${type}), which is not a GraphQL response.`);
}

const isExecutionResult = (value: unknown): value is FormattedExecutionResult =>
  typeof value === 'object' && value !== null && ('data' in value || 'errors' in value || 'extensions' in value);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
