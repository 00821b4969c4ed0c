import { useSession } from './session';
import type { Session } from './storage';

export function SignedIn({ session: { user, expiresAt } }: { session: Session }) {
  const signedOut = useSession((state) => state.signedOut);
  const until = new Date(expiresAt).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  return (
    <div className="hansa-account">
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
