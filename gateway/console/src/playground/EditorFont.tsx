import { useGraphiQL } from '@graphiql/react';
import { useEffect } from 'react';

/** In pixels; GraphiQL's own 15 leaves too little of a line beside an open panel. */
const FONT_SIZE = 13;

/** Draws nothing: sets the font size of every editor. */
export function EditorFont() {
  const editors = useGraphiQL((state) => [
    state.queryEditor,
    state.variableEditor,
    state.headerEditor,
    state.responseEditor,
  ]);
  useEffect(() => {
    for (const editor of editors) editor?.updateOptions({ fontSize: FONT_SIZE });
  }, [editors]);
  return null;
}
