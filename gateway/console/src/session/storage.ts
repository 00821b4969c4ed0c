export interface Session {
  accessToken: string;
  /** ISO 8601. */
  expiresAt: string;
  user: { id: string; name: string };
}

const KEY = 'hansa:session';

export function readSession(): Session | null {
  const stored = sessionStorage.getItem(KEY);
  return stored ? (JSON.parse(stored) as Session) : null;
}

export function writeSession(session: Session | null): void {
  if (session) sessionStorage.setItem(KEY, JSON.stringify(session));
  else sessionStorage.removeItem(KEY);
}
