"""What is deleted when its time to be kept is over."""

from typing import Final

from sqlalchemy import text

from common.database import Transaction

PRUNE: Final = text("""
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
PRUNE_SHARES: Final = text("""
    DELETE FROM share s USING lane l
    WHERE l.queue = s.queue AND l.class = s.class AND s.finish < l.served
""")


async def prune(transaction: Transaction, limit: int = 5_000) -> int:
    """Delete jobs whose time to be kept is over, and shares that say nothing any more; how many jobs."""
    pruned = (await transaction.execute(PRUNE, {"limit": limit})).rowcount
    await transaction.execute(PRUNE_SHARES)
    return pruned
