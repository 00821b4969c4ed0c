import { useLastResponse } from './lastResponse';
import { TraceId } from './TraceId';

/** One line below the response: HTTP status, duration and trace id. */
export function ResponseFacts() {
  const facts = useLastResponse((state) => state.facts);
  return (
    <div className="hansa-facts" role="status" aria-label="Last response">
      {facts === null && <span>Ctrl-Enter runs the operation</span>}
      {facts === 'none' && <span className="hansa-facts-bad">no answer</span>}
      {facts !== null && facts !== 'none' && (
        <>
          <span className={facts.status < 400 ? 'hansa-facts-good' : 'hansa-facts-bad'}>HTTP {facts.status}</span>
          <span>{formatDuration(facts.duration)}</span>
          {facts.traceId && <TraceId id={facts.traceId} />}
        </>
      )}
    </div>
  );
}

const formatDuration = (milliseconds: number) =>
  milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
