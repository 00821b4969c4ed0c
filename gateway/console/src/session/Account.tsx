import { SignInButton } from './SignInButton';
import { SignedIn } from './SignedIn';
import { useExpiry } from './useExpiry';
import { useSession } from './session';

/** The top bar's corner: who is signed in, or the way in. */
export function Account() {
  useExpiry();
  const session = useSession((state) => state.session);
  return session ? <SignedIn session={session} /> : <SignInButton />;
}
