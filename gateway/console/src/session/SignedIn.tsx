import { LettersButton } from '../letters/LettersButton';
import { isAdmin, useSession } from './session';
import type { Session } from './storage';

export function SignedIn({ session }: { session: Session }) {
  const { user, expiresAt } = session;
  const signedOut = useSession((state) => state.signedOut);
  const until = new Date(expiresAt).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  return (
    <div className="hansa-account">
      {isAdmin(session) && <LettersButton />}
      <span className="hansa-avatar" aria-hidden="true">
        {user.name.charAt(0)}
      </span>
      <span className="hansa-user" title={`Until ${until}`}>
        <span className="hansa-visually-hidden">Signed in as </span>
        {user.name}
      </span>
      <button type="button" className="hansa-button" onClick={signedOut}>
        Sign out
      </button>
    </div>
  );
}
