import { SIGN_IN_POPOVER } from './SignInButton';
import { useSession } from './session';

/** Says that the session has ended by itself, until the next sign-in. */
export function ExpiryNotice() {
  const notice = useSession((state) => state.notice);
  if (!notice) return null;
  return (
    <div className="hansa-notice" role="alert">
      {notice}
      <button type="button" className="hansa-link" popoverTarget={SIGN_IN_POPOVER}>
        Sign in again
      </button>
    </div>
  );
}
