import type { PlanNode } from './model';
import { depth, fetches } from './statistics';

interface Props {
  node: PlanNode | null | undefined;
  asText: boolean;
  onToggle(): void;
}

/** "4 fetches, 3 subgraphs, depth 3", and the switch between tree and text. */
export function PlanSummary({ node, asText, onToggle }: Props) {
  const all = fetches(node);
  const subgraphs = new Set(all.map(({ serviceName }) => serviceName)).size;
  const other = asText ? 'tree' : 'text';
  return (
    <div className="hansa-plan-summary">
      <span>{count(all.length, 'fetch', 'fetches')}</span>
      <span>{count(subgraphs, 'subgraph', 'subgraphs')}</span>
      <span>depth {depth(node)}</span>
      <button type="button" className="hansa-link" aria-label={`Show as ${other}`} onClick={onToggle}>
        {other}
      </button>
    </div>
  );
}

const count = (number: number, one: string, many: string) => `${number} ${number === 1 ? one : many}`;
