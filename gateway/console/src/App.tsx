import { lazy, Suspense } from 'react';
import { TopBar } from './bar/TopBar';
import { ExpiryNotice } from './session/ExpiryNotice';
import { Unreachable } from './Unreachable';
import { useGraph } from './useGraph';

/** Fetched while the schema is: it is wanted in any case. */
const playground = import('./playground/Playground');
const Playground = lazy(async () => ({ default: (await playground).Playground }));

export function App() {
  const { graph, reload } = useGraph();
  return (
    <div className="hansa">
      <TopBar canSignIn={graph.state === 'reached' && graph.canSignIn} />
      <ExpiryNotice />
      <main className="hansa-main">
        {graph.state === 'unreachable' && <Unreachable message={graph.message} onRetry={reload} />}
        {graph.state === 'reached' && (
          <Suspense>
            <Playground examples={graph.examples} />
          </Suspense>
        )}
      </main>
    </div>
  );
}
