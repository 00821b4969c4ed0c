import { useState } from 'react';
import { SignInForm } from './SignInForm';

export const SIGN_IN_POPOVER = 'hansa-sign-in';

/** Opens the form in a popover, which closes by Escape or a click outside, and gives the focus back, by itself. */
export function SignInButton() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="hansa-button hansa-button-primary" popoverTarget={SIGN_IN_POPOVER}>
        Sign in
      </button>
      <div
        id={SIGN_IN_POPOVER}
        popover="auto"
        className="hansa-popover"
        role="dialog"
        aria-label="Sign in"
        onToggle={({ newState }) => setOpen(newState === 'open')}
      >
        {open && <SignInForm />}
      </div>
    </>
  );
}
