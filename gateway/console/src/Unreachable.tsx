/** Shown instead of the playground while nothing answers at the endpoint. */
export function Unreachable({ message, onRetry }: { message: string; onRetry(): void }) {
  return (
    <section className="hansa-unreachable" role="alert">
      <h1>The graph cannot be reached</h1>
      <p>{message}</p>
      <button type="button" className="hansa-button hansa-button-primary" onClick={onRetry}>
        Try again
      </button>
    </section>
  );
}
