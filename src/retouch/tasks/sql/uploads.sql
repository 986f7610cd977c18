-- Uploaded pictures.

-- name: add
-- No row: the account has been deleted. One that is being deleted waits for this to be committed.
WITH account AS (
    SELECT id FROM accounts WHERE id = %(account_id)s AND deleted_at IS NULL FOR SHARE
)
INSERT INTO uploads (id, account_id, filename, content_type, bytes, expires_at)
SELECT %(id)s, account.id, %(filename)s, %(content_type)s, %(bytes)s,
       clock_timestamp() + make_interval(secs => %(ttl_s)s)
FROM account
RETURNING *;

-- name: get
SELECT * FROM uploads
WHERE id = %(id)s AND (%(account_id)s::text IS NULL OR account_id = %(account_id)s);
