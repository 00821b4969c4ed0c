import { useEffect, useState } from 'react';
import { type Letter, readLetters } from './letters';

export function Letters() {
  const [letters, setLetters] = useState<Letter[] | string>('Looking');
  useEffect(() => void readLetters().then(setLetters), []);
  if (typeof letters === 'string') return <p>{letters}</p>;
  if (letters.length === 0) return <p>No letter was written yet.</p>;
  return letters.map((letter) => <LetterView key={letter.id} letter={letter} />);
}

function LetterView({ letter: { at, to, subject, text } }: { letter: Letter }) {
  return (
    <article>
      <h2>{subject}</h2>
      <p className="hansa-letter-to">
        {to}, <time dateTime={at}>{new Date(at).toLocaleString()}</time>
      </p>
      <p className="hansa-letter-text">{text.trim().split(LINK).map(linked)}</p>
    </article>
  );
}

const LINK = /(https?:\/\/\S+)/;

/** `split` puts what the pattern matched at the odd places. */
const linked = (part: string, place: number) =>
  place % 2 ? (
    <a key={place} href={part} target="_blank" rel="noreferrer">
      {part}
    </a>
  ) : (
    part
  );
