import { PlanNodeView } from './PlanNodeView';
import type { PlanNode } from './model';

export function PlanTree({ node }: { node: PlanNode | null | undefined }) {
  if (!node) return <p className="hansa-plan-hint">No subgraph is asked: the router answers from its schema.</p>;
  return (
    <ol className="hansa-plan-tree">
      <PlanNodeView node={node} />
    </ol>
  );
}
