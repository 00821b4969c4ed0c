import { useActionState, useState } from 'react';
import { demoUser } from './demoUser';
import { type Refusal, signIn } from './signIn';
import { useSession } from './session';

const NOBODY = { email: '', password: '', code: '' };

export function SignInForm() {
  const [credentials, setCredentials] = useState(NOBODY);
  const signedIn = useSession((state) => state.signedIn);
  const [refusal, submit, pending] = useActionState(async (): Promise<Refusal | null> => {
    const outcome = await signIn(credentials);
    if ('message' in outcome) return outcome;
    signedIn(outcome);
    return null;
  }, null);
  return (
    <form action={submit} className="hansa-form">
      <label>
        E-mail
        <input
          type="email"
          autoComplete="username"
          autoFocus
          required
          value={credentials.email}
          onChange={({ target }) => setCredentials({ ...credentials, email: target.value })}
        />
      </label>
      <label>
        Password
        <input
          type="password"
          autoComplete="current-password"
          required
          value={credentials.password}
          onChange={({ target }) => setCredentials({ ...credentials, password: target.value })}
        />
      </label>
      {refusal?.asksForCode && (
        <label>
          Code of your app, or a recovery code
          <input
            autoComplete="one-time-code"
            autoFocus
            required
            value={credentials.code}
            onChange={({ target }) => setCredentials({ ...credentials, code: target.value })}
          />
        </label>
      )}
      {refusal && (
        <p className="hansa-refusal" role="alert">
          {refusal.message}
        </p>
      )}
      <div className="hansa-form-actions">
        <button type="button" className="hansa-link" onClick={() => setCredentials({ ...NOBODY, ...demoUser })}>
          Use the demo user
        </button>
        <button type="submit" className="hansa-button hansa-button-primary" disabled={pending}>
          {pending ? 'Signing in' : 'Sign in'}
        </button>
      </div>
    </form>
  );
}
