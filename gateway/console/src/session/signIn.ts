import { NoAnswer } from '../graphql/noAnswer';
import { type Answer, send } from '../graphql/request';
import document from './SignIn.graphql?raw';
import type { Session } from './storage';

interface Credentials {
  email: string;
  password: string;
}

type Outcome = ({ __typename: 'Session' } & Session) | { __typename: string; message?: string };

/** A session, or the reason in words why there is none. */
export async function signIn(credentials: Credentials): Promise<Session | string> {
  try {
    const answer = await send({ query: document, variables: { input: credentials } });
    return outcome(answer);
  } catch (error) {
    if (error instanceof NoAnswer) return error.message;
    throw error;
  }
}

function outcome({ result }: Answer): Session | string {
  const signedIn = result.data?.['signIn'] as Outcome | undefined;
  if (!signedIn) return result.errors?.[0]?.message ?? 'The router gave no reason.';
  if ('accessToken' in signedIn) {
    const { accessToken, expiresAt, user } = signedIn;
    return { accessToken, expiresAt, user };
  }
  return signedIn.message ?? signedIn.__typename;
}
