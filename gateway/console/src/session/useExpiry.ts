import { useEffect } from 'react';
import { isExpired, useSession } from './session';

/** Ends the session when its token expires. Looks every few seconds: a timer stands still while a laptop sleeps. */
export function useExpiry(): void {
  const { session, expired } = useSession();
  useEffect(() => {
    if (!session) return;
    const look = () => isExpired(session) && expired();
    look();
    const timer = setInterval(look, 5000);
    return () => clearInterval(timer);
  }, [session, expired]);
}
