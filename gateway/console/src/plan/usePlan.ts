import { useEffect, useState } from 'react';
import { useSession } from '../session/session';
import { type PlanOutcome, requestPlan } from './requestPlan';
import { parseOperation, useOperation } from './useOperation';

/** Milliseconds without a keystroke before an operation is planned. */
const PAUSE = 350;

/** The plan of the open tab's operation, kept up to date; null before the first. */
export function usePlan(): PlanOutcome | null {
  const operation = useOperation();
  const token = useSession((state) => state.session?.accessToken);
  const [outcome, setOutcome] = useState<PlanOutcome | null>(null);
  useEffect(() => {
    if (!operation) return setOutcome(null);
    const abort = new AbortController();
    const { request, options } = parseOperation(operation);
    const timer = setTimeout(() => {
      requestPlan(request, { ...options, signal: abort.signal }).then(setOutcome, ignoreAbort);
    }, PAUSE);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [operation, token]);
  return outcome;
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof DOMException && error.name === 'AbortError')) throw error;
}
