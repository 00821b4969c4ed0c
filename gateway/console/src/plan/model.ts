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

/** One request that fills several places of the response. */
export interface BatchFetchNode {
  kind: 'BatchFetch';
  serviceName: string;
  operation: string;
  entityBatch: { aliases: EntityFetch[] };
}

/** One `_entities` field of a request, and the places that its entities are taken from and put back to. */
export interface EntityFetch {
  paths: string[][];
  requires: RequiredSelection[];
}

/** Entities at `path` of the response so far; `@` stands for each element of a list, `|[A]` for those of type A. */
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
  | { kind: 'Field'; name: string; alias?: string; value?: string; selections?: RequiredSelection[] | null }
  | { kind: 'InlineFragment'; typeCondition?: string | null; selections: RequiredSelection[] };
