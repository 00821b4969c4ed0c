import { create } from 'zustand';
import { readSession, type Session, writeSession } from './storage';

interface SessionState {
  session: Session | null;
  /** Why the last session ended without being asked to; null otherwise. */
  notice: string | null;
  signedIn(session: Session): void;
  signedOut(): void;
  expired(): void;
  /** The router answered 401 to `authorization`; ends the session if that was its token. */
  refused(authorization: string | null): void;
}

/** Who is signed in. Kept in this browser tab's sessionStorage. */
export const useSession = create<SessionState>((set, get) => {
  const become = (session: Session | null, notice: string | null = null) => {
    writeSession(session);
    set({ session, notice });
  };
  return {
    session: readSession(),
    notice: null,
    signedIn: (session) => become(session),
    signedOut: () => become(null),
    expired: () => become(null, 'Your sign-in has expired.'),
    refused: (authorization) => {
      const { session } = get();
      if (session && authorization === `Bearer ${session.accessToken}`) {
        become(null, isExpired(session) ? 'Your sign-in has expired.' : 'The router no longer accepts your sign-in.');
      }
    },
  };
});

export const isExpired = ({ expiresAt }: Session) => Date.parse(expiresAt) <= Date.now();

/** Whether the token lets its user steer accounts (RFC 9068, section 2.2.3). The services look at it themselves. */
export function isAdmin({ accessToken }: Session): boolean {
  const claims = accessToken.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/');
  try {
    const { scope } = JSON.parse(atob(claims ?? '')) as { scope?: string };
    return scope?.split(' ').includes('identity:admin') ?? false;
  } catch {
    return false;
  }
}
