import { useGraphiQL, useGraphiQLActions, useMonaco } from '@graphiql/react';
import { useEffect } from 'react';
import { palettes, themeData } from './editorThemes';

/** Draws nothing: gives Monaco the page's colours and follows the system from light to dark and back. */
export function EditorTheme() {
  const monaco = useMonaco((state) => state.monaco);
  const theme = useGraphiQL((state) => state.theme);
  const { setTheme } = useGraphiQLActions();
  useEffect(() => {
    if (!monaco) return;
    for (const [name, palette] of Object.entries(palettes)) monaco.editor.defineTheme(name, themeData(palette));
    const apply = () => setTheme(theme);
    apply();
    const dark = window.matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', apply);
    return () => dark.removeEventListener('change', apply);
  }, [monaco, theme, setTheme]);
  return null;
}
