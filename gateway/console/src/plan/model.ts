/** A query plan in Apollo's JSON shape, as `extensions.apolloQueryPlan` carries it. */
export interface ExposedPlan {
  object: { kind: 'QueryPlan'; node?: PlanNode | null };
  text: string;
}

export type PlanNode = FetchNode | BatchFetchNode | FlattenNode | GroupNode | ConditionNode;

/** One request to one subgraph. `requires` are the entity representations that it sends. */
export interface FetchNode {
  kind: 'Fetch';
  serviceName: string;
  operation: string;
  requires?: RequiredSelection[] | null;
}

/** One request that fills several places of the response, each with entities of its own. */
export interface BatchFetchNode {
  kind: 'BatchFetch';
  serviceName: string;
  operation: string;
}

/** Entities at `path` of the response so far; `@` stands for each element of a list. */
export interface FlattenNode {
  kind: 'Flatten';
  path: string[];
  node: PlanNode;
}

export interface GroupNode {
  kind: 'Sequence' | 'Parallel';
  nodes: PlanNode[];
}

export interface ConditionNode {
  kind: 'Condition';
  /** The name of a boolean variable. */
  condition: string;
  ifClause?: PlanNode | null;
  elseClause?: PlanNode | null;
}

export type RequiredSelection =
  | { kind: 'Field'; name: string; selections?: RequiredSelection[] | null }
  | { kind: 'InlineFragment'; typeCondition?: string | null; selections: RequiredSelection[] };
