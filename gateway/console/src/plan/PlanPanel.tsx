import { useState } from 'react';
import type { ExposedPlan } from './model';
import { PlanSummary } from './PlanSummary';
import { PlanTree } from './PlanTree';
import { usePlan } from './usePlan';

/** The query plan of the open tab's operation, as a tree or as text. */
export function PlanPanel() {
  const outcome = usePlan();
  return (
    <section className="hansa-plan" aria-label="Query plan">
      <h2 className="hansa-plan-title">Query plan</h2>
      {outcome === null && <p className="hansa-plan-hint">Write an operation to see how it is answered.</p>}
      {outcome && 'reasons' in outcome && <Reasons reasons={outcome.reasons} />}
      {outcome && 'plan' in outcome && <Plan plan={outcome.plan} />}
    </section>
  );
}

function Reasons({ reasons }: { reasons: string[] }) {
  return (
    <ul className="hansa-plan-reasons" role="status">
      {reasons.map((reason) => (
        <li key={reason}>{reason}</li>
      ))}
    </ul>
  );
}

function Plan({ plan }: { plan: ExposedPlan }) {
  const [asText, setAsText] = useState(false);
  return (
    <>
      <PlanSummary node={plan.object.node} asText={asText} onToggle={() => setAsText(!asText)} />
      {asText ? <pre className="hansa-code hansa-plan-text">{plan.text}</pre> : <PlanTree node={plan.object.node} />}
    </>
  );
}
