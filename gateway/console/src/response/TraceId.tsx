import { useState } from 'react';

/** The trace id, copied by a click, to look the request up in logs and traces. */
export function TraceId({ id }: { id: string }) {
  const [copied, setCopied] = useState('');
  const copy = async () => {
    await navigator.clipboard.writeText(id);
    setCopied(id);
  };
  return (
    <button type="button" className="hansa-trace" title="Copy the trace id" onClick={() => void copy()}>
      <span className="hansa-trace-label">{copied === id ? 'copied' : 'trace'}</span>
      <code>{id}</code>
    </button>
  );
}
