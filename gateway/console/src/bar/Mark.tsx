/** A cog, the ship of the Hanse, under a sail of its white and red. */
export function Mark() {
  return (
    <svg className="hansa-mark" viewBox="0 0 32 32" aria-hidden="true">
      <path className="hansa-mark-mast" d="M16 3v20" />
      <path className="hansa-mark-red" d="M16.8 4 22 5.5l-5.2 1.7z" />
      <path className="hansa-mark-white" d="M6.5 8.5H16v10.5H6.5q2.4-5.2 0-10.5z" />
      <path className="hansa-mark-red" d="M16 8.5h9.5q2.4 5.3 0 10.5H16z" />
      <path className="hansa-mark-white" d="M2.5 19.5h3.4v2.2h20.2v-3.4h3.4l-3 8.3q-.7 1.9-2.7 1.9H8.2q-2 0-2.7-1.9z" />
    </svg>
  );
}
