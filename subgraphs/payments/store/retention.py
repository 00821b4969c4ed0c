"""Which webhooks have been kept for long enough (`common.retention`). All else that payments writes is the books, and stays."""

from typing import Final

from sqlalchemy import text

# One that is sent again at this moment refers to its message still: the batch fails then, and the next one leaves it.
WEBHOOKS: Final = text("""
    WITH old AS MATERIALIZED (
        SELECT id FROM webhook_message AS message
        WHERE created_at < now() - interval '30 days' AND NOT EXISTS (
            SELECT FROM webhook_delivery WHERE message_id = message.id AND state = 'PENDING'
        )
        ORDER BY created_at LIMIT :limit
    ), told AS (
        DELETE FROM webhook_delivery
        WHERE message_id = ANY(ARRAY(SELECT id FROM old)) AND state <> 'PENDING'
    )
    DELETE FROM webhook_message WHERE id = ANY(ARRAY(SELECT id FROM old))
""")
RETENTION: Final = (WEBHOOKS,)
