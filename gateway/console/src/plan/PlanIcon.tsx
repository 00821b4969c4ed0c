/** One request that becomes two. */
export function PlanIcon() {
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <circle cx="4" cy="10" r="2.25" />
      <circle cx="16" cy="4.5" r="2.25" />
      <circle cx="16" cy="15.5" r="2.25" />
      <path d="M6.25 10h2.5c3 0 2-5.5 5-5.5M8.75 10c3 0 2 5.5 5 5.5" />
    </svg>
  );
}
