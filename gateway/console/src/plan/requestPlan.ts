import { NoAnswer } from '../graphql/noAnswer';
import { type Answer, type GraphQLRequest, type Options, send } from '../graphql/request';
import type { ExposedPlan } from './model';

/** Plans without running: the router asks no subgraph. */
const DRY_RUN = { 'apollo-expose-query-plan': 'dry-run' };

/** A plan, or the reasons why there is none, one a line. */
export type PlanOutcome = { plan: ExposedPlan } | { reasons: string[] };

const NOT_EXPOSED: PlanOutcome = { reasons: ['This router does not expose query plans.'] };

/** The plan of `request`. Throws what an aborted fetch throws. */
export async function requestPlan(request: GraphQLRequest, options: Options): Promise<PlanOutcome> {
  try {
    return (await dryRuns()) ? outcome(await dryRun(request, options)) : NOT_EXPOSED;
  } catch (error) {
    if (error instanceof NoAnswer) return { reasons: [error.message] };
    throw error;
  }
}

const dryRun = (request: GraphQLRequest, { headers, signal }: Options) =>
  send(request, { headers: { ...headers, ...DRY_RUN }, signal });

let known = false;

/** Whether the header is honoured: another router would run the operation, which must not happen to a mutation. */
async function dryRuns(): Promise<boolean> {
  known ||= isDryRun(await dryRun({ query: '{ __typename }' }, {}));
  return known;
}

const exposedPlan = ({ result }: Answer) => result.extensions?.['apolloQueryPlan'] as ExposedPlan | undefined;

const isDryRun = (answer: Answer) => exposedPlan(answer) !== undefined && !answer.result.data?.['__typename'];

function outcome(answer: Answer): PlanOutcome {
  const plan = exposedPlan(answer);
  if (plan) return { plan };
  return { reasons: answer.result.errors?.map(({ message }) => message) ?? [] };
}
