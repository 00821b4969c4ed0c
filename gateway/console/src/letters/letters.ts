import { useSession } from '../session/session';

export interface Letter {
  id: string;
  /** ISO 8601. */
  at: string;
  to: string;
  subject: string;
  text: string;
}

const DOOR = 'identity/letters';

/** The letters that identity wrote to its folder, the newest first, or why there are none to show. */
export async function readLetters(): Promise<Letter[] | string> {
  const { session } = useSession.getState();
  try {
    const headers = { authorization: `Bearer ${session?.accessToken}` };
    const response = await fetch(new URL(DOOR, document.baseURI), { headers });
    if (response.ok) return (await response.json()) as Letter[];
    if (response.status === 404) return 'Letters are really sent here: none are kept to be shown.';
    return `Identity answered ${response.status} ${response.statusText}`.trim();
  } catch {
    return 'Identity does not answer. Is it running?';
  }
}
