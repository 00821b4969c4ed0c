import { create } from 'zustand';
import type { Answer } from '../graphql/request';

type Facts = Omit<Answer, 'result'>;

interface LastResponse {
  facts: Facts | 'none' | null;
  answered(facts: Facts): void;
  failed(): void;
}

/** What the wire told about the last operation that was run: null before the first, 'none' without an answer. */
export const useLastResponse = create<LastResponse>((set) => ({
  facts: null,
  answered: (facts) => set({ facts }),
  failed: () => set({ facts: 'none' }),
}));
