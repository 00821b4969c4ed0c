import { FetchCard } from './FetchCard';
import type { ConditionNode, GroupNode, PlanNode } from './model';

/** One node as a list item. `path` is where its fetches' entities are, from the Flatten above it. */
export function PlanNodeView({ node, path }: { node: PlanNode; path?: string[] }) {
  switch (node.kind) {
    case 'Fetch':
    case 'BatchFetch':
      return <FetchCard fetch={node} path={path} />;
    case 'Flatten':
      return <PlanNodeView node={node.node} path={node.path} />;
    case 'Sequence':
    case 'Parallel':
      return <Group node={node} />;
    case 'Condition':
      return <Condition node={node} />;
  }
}

const MEANING = { Sequence: 'one after another', Parallel: 'at the same time' };

function Group({ node: { kind, nodes } }: { node: GroupNode }) {
  return (
    <li className={`hansa-plan-group hansa-plan-${kind.toLowerCase()}`}>
      <span className="hansa-plan-kind">
        {kind} <small>{MEANING[kind]}</small>
      </span>
      <ol>
        {nodes.map((child, index) => (
          <PlanNodeView key={index} node={child} />
        ))}
      </ol>
    </li>
  );
}

function Condition({ node: { condition, ifClause, elseClause } }: { node: ConditionNode }) {
  return (
    <>
      {ifClause && <Branch title={`if $${condition}`} node={ifClause} />}
      {elseClause && <Branch title={`unless $${condition}`} node={elseClause} />}
    </>
  );
}

function Branch({ title, node }: { title: string; node: PlanNode }) {
  return (
    <li className="hansa-plan-group hansa-plan-condition">
      <span className="hansa-plan-kind">
        Condition <small>{title}</small>
      </span>
      <ol>
        <PlanNodeView node={node} />
      </ol>
    </li>
  );
}
