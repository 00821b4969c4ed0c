"""What has been kept for long enough (`common.retention`): reservations that came to nothing, and what is known of imports.

Movements stay, so that every piece can be accounted for, and so does whatever somebody began to pay for.
"""

from typing import Final

from sqlalchemy import text

# The answer to a repeated request is remembered for as long, and its reservation ended later.
RESERVATIONS: Final = text("""
    WITH old AS MATERIALIZED (
        SELECT id FROM reservation
        WHERE state IN ('RELEASED', 'EXPIRED') AND checkout_id IS NULL AND ended_at < now() - interval '30 days'
          AND NOT EXISTS (
              SELECT FROM reservation_line WHERE reservation_id = reservation.id AND quota_region IS NOT NULL
          )
        ORDER BY ended_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ), lines AS (
        DELETE FROM reservation_line WHERE reservation_id = ANY(ARRAY(SELECT id FROM old))
    ), allocations AS (
        DELETE FROM allocation WHERE reservation_id = ANY(ARRAY(SELECT id FROM old))
    )
    DELETE FROM reservation WHERE id = ANY(ARRAY(SELECT id FROM old))
""")
# A file that is gone on with after so long begins anew.
IMPORT_ERRORS: Final = text("""
    DELETE FROM import_error WHERE (file_id, row) IN (
        SELECT file_id, row FROM import_error JOIN import_file ON import_file.id = file_id
        WHERE started_at < now() - interval '30 days' LIMIT :limit
    )
""")
IMPORT_FILES: Final = text("""
    DELETE FROM import_file WHERE id IN (
        SELECT id FROM import_file WHERE started_at < now() - interval '30 days'
          AND NOT EXISTS (SELECT FROM import_error WHERE file_id = import_file.id)
        LIMIT :limit FOR UPDATE SKIP LOCKED
    )
""")
QUOTA_TRANSFERS: Final = text("""
    DELETE FROM quota_transfer WHERE id IN (
        SELECT id FROM quota_transfer WHERE received_at < now() - interval '30 days' LIMIT :limit
    )
""")
RETENTION: Final = (RESERVATIONS, IMPORT_ERRORS, IMPORT_FILES, QUOTA_TRANSFERS)
