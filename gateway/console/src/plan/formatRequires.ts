import type { RequiredSelection } from './model';

/** The selections that make entity representations, as text: one type a line. */
export const formatRequires = (requires: RequiredSelection[]) => requires.map(format).join('\n');

function format(selection: RequiredSelection): string {
  const body = selection.selections?.length ? ` { ${selection.selections.map(format).join(' ')} }` : '';
  if (selection.kind === 'InlineFragment') return `... on ${selection.typeCondition ?? ''}${body}`;
  const { alias, name, value } = selection;
  return (alias ? `${alias}: ` : '') + name + (value ? `: "${value}"` : '') + body;
}
