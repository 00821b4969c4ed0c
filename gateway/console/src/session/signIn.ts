import { NoAnswer } from '../graphql/noAnswer';
import { type Answer, send } from '../graphql/request';
import document from './SignIn.graphql?raw';
import type { Session } from './storage';

interface Credentials {
  email: string;
  password: string;
  /** Of an authenticator app, or a recovery code; empty before it is asked for. */
  code: string;
}

/** Why there is no session, in words, and whether a code would help. */
export interface Refusal {
  message: string;
  asksForCode: boolean;
}

type Outcome =
  | ({ __typename: 'Session' } & Session)
  | { __typename: 'SecondFactorNeeded'; message: string; methods: string[] }
  | { __typename: 'InvalidCode' | 'InvalidCredentials' | 'TooManyAttempts'; message: string };

export async function signIn({ email, password, code }: Credentials): Promise<Session | Refusal> {
  try {
    const input = { email, password, code: code.trim() || null };
    return outcome(await send({ query: document, variables: { input } }));
  } catch (error) {
    if (error instanceof NoAnswer) return refused(error.message);
    throw error;
  }
}

function outcome({ result }: Answer): Session | Refusal {
  const signedIn = result.data?.['signIn'] as Outcome | undefined;
  if (!signedIn) return refused(result.errors?.[0]?.message ?? 'The router gave no reason.');
  switch (signedIn.__typename) {
    case 'Session': {
      const { accessToken, expiresAt, user } = signedIn;
      return { accessToken, expiresAt, user };
    }
    case 'SecondFactorNeeded':
      return needed(signedIn.methods);
    case 'InvalidCode':
      return { message: signedIn.message, asksForCode: true };
    default:
      return refused(signedIn.message);
  }
}

const refused = (message: string): Refusal => ({ message, asksForCode: false });

/** A passkey is asked for on identity's own pages only: browsers bind it to them. */
function needed(methods: string[]): Refusal {
  const asksForCode = methods.some((method) => method !== 'passkey');
  const message = asksForCode
    ? 'The account asks for a second factor.'
    : 'The account asks for its passkey, which this form cannot take.';
  return { message, asksForCode };
}
