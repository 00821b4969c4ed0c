import type { FetchNode, BatchFetchNode, PlanNode } from './model';

/** Every request of the plan, both branches of a condition included. */
export function fetches(node: PlanNode | null | undefined): (FetchNode | BatchFetchNode)[] {
  if (!node) return [];
  switch (node.kind) {
    case 'Fetch':
    case 'BatchFetch':
      return [node];
    case 'Flatten':
      return fetches(node.node);
    case 'Sequence':
    case 'Parallel':
      return node.nodes.flatMap(fetches);
    case 'Condition':
      return [...fetches(node.ifClause), ...fetches(node.elseClause)];
  }
}

/** The longest chain of requests that wait for one another. */
export function depth(node: PlanNode | null | undefined): number {
  if (!node) return 0;
  switch (node.kind) {
    case 'Fetch':
    case 'BatchFetch':
      return 1;
    case 'Flatten':
      return depth(node.node);
    case 'Sequence':
      return node.nodes.reduce((sum, child) => sum + depth(child), 0);
    case 'Parallel':
      return Math.max(0, ...node.nodes.map(depth));
    case 'Condition':
      return Math.max(depth(node.ifClause), depth(node.elseClause));
  }
}
