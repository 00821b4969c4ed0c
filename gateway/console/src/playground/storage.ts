import type { Storage } from '@graphiql/toolkit';

/** localStorage under a prefix: other GraphiQLs have lived at this origin, and port 4000 is a popular address. */
export function storageFor(graph: string): Storage {
  const prefixed = (key: string) => `hansa:${graph}:${key}`;
  const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(prefixed('')));
  return {
    getItem: (key) => localStorage.getItem(prefixed(key)),
    setItem: (key, value) => localStorage.setItem(prefixed(key), value),
    removeItem: (key) => localStorage.removeItem(prefixed(key)),
    clear: () => keys().forEach((key) => localStorage.removeItem(key)),
    get length() {
      return keys().length;
    },
  };
}
