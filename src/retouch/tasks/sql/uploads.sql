-- Uploaded pictures.

-- name: add
INSERT INTO uploads (id, account_id, filename, content_type, bytes, expires_at)
VALUES (%(id)s, %(account_id)s, %(filename)s, %(content_type)s, %(bytes)s,
        clock_timestamp() + make_interval(secs => %(ttl_s)s))
RETURNING *;

-- name: get
SELECT * FROM uploads
WHERE id = %(id)s AND (%(account_id)s::text IS NULL OR account_id = %(account_id)s);
