-- Accounts and API keys.

-- name: ensure_account
INSERT INTO accounts (id) VALUES (%(account_id)s) ON CONFLICT DO NOTHING;

-- name: create
INSERT INTO api_keys (id, account_id, name, prefix, digest, admin)
VALUES (%(id)s, %(account_id)s, %(name)s, %(prefix)s, %(digest)s, %(admin)s);

-- name: lock_first
-- Until the end of the transaction: who else looks for a first key waits, and then finds ours.
LOCK TABLE api_keys IN SHARE ROW EXCLUSIVE MODE;

-- name: any
SELECT id FROM api_keys LIMIT 1;

-- name: find
SELECT id, account_id, admin, digest FROM api_keys WHERE prefix = %(prefix)s AND revoked_at IS NULL;

-- name: list
SELECT id, account_id, name, prefix, admin, created_at, revoked_at FROM api_keys ORDER BY id;

-- name: revoke
UPDATE api_keys SET revoked_at = now()
WHERE revoked_at IS NULL AND %(which)s IN (id, prefix, name);
