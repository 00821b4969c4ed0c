import { SignInForm } from './SignInForm';

export const SIGN_IN_POPOVER = 'hansa-sign-in';

/** Opens the form in a popover, which brings Escape, focus and a click outside by itself. */
export function SignInButton() {
  return (
    <>
      <button type="button" className="hansa-button hansa-button-primary" popoverTarget={SIGN_IN_POPOVER}>
        Sign in
      </button>
      <div id={SIGN_IN_POPOVER} popover="auto" className="hansa-popover" role="dialog" aria-label="Sign in">
        <SignInForm />
      </div>
    </>
  );
}
