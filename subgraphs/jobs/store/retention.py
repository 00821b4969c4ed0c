"""Which jobs have been kept for long enough (`common.retention`), and which shares say nothing any more."""

from typing import Final

from sqlalchemy import text

JOBS: Final = text("""
    DELETE FROM job WHERE id = ANY(ARRAY(
        SELECT id FROM job
        WHERE state >= 5
            AND finished_at < now() - CASE WHEN state = 5 THEN interval '7 days' ELSE interval '30 days' END
            AND NOT EXISTS (
                SELECT 1 FROM dependency d JOIN job waiting ON waiting.id = d.job_id
                WHERE d.needs_id = job.id AND NOT d.is_met AND waiting.state = 0
            )
        ORDER BY finished_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ))
""")
SHARES: Final = text("""
    DELETE FROM share WHERE (queue, class, tenant) IN (
        SELECT queue, class, tenant FROM share JOIN lane USING (queue, class) WHERE finish < served LIMIT :limit
    ) AND finish < (SELECT served FROM lane WHERE lane.queue = share.queue AND lane.class = share.class)
""")
RETENTION: Final = (JOBS, SHARES)
