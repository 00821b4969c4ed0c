import type { RequiredSelection } from './model';

/** The selections that make entity representations, as text: one type a line. */
export const formatRequires = (requires: RequiredSelection[]) => requires.map(format).join('\n');

function format(selection: RequiredSelection): string {
  const body = selection.selections?.length ? ` { ${selection.selections.map(format).join(' ')} }` : '';
  if (selection.kind === 'Field') return selection.name + body;
  return `... on ${selection.typeCondition ?? ''}${body}`;
}
