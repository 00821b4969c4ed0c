import { useState } from 'react';
import { Letters } from './Letters';

const LETTERS_POPOVER = 'hansa-letters';

/** Opens what identity would have mailed, on a platform that sends nothing. Read anew each time. */
export function LettersButton() {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="hansa-button" popoverTarget={LETTERS_POPOVER}>
        Letters
      </button>
      <div
        id={LETTERS_POPOVER}
        popover="auto"
        className="hansa-popover hansa-letters"
        role="dialog"
        aria-label="Letters"
        onToggle={({ newState }) => setOpen(newState === 'open')}
      >
        {open && <Letters />}
      </div>
    </>
  );
}
