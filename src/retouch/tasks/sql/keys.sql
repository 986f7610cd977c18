-- Accounts and API keys.

-- name: ensure_account
INSERT INTO accounts (id) VALUES (%(account_id)s) ON CONFLICT DO NOTHING;

-- name: create
INSERT INTO api_keys (id, account_id, name, prefix, digest, admin, disabled, expires_at, models, addresses,
                      quota_limit, quota_unit, quota_period, requests_per_minute, max_tasks_at_once)
VALUES (%(id)s, %(account_id)s, %(name)s, %(prefix)s, %(digest)s, %(admin)s, %(disabled)s, %(expires_at)s,
        %(models)s, %(addresses)s, %(quota_limit)s, %(quota_unit)s, %(quota_period)s,
        %(requests_per_minute)s, %(max_tasks_at_once)s);

-- name: lock_first
-- Until the end of the transaction: who else looks for a first key waits, and then finds ours.
LOCK TABLE api_keys IN SHARE ROW EXCLUSIVE MODE;

-- name: any
SELECT id FROM api_keys LIMIT 1;

-- name: find
-- A key that opens something, and for how many seconds more by the database's clock.
SELECT id, account_id, admin, digest, models, addresses, requests_per_minute,
       extract(epoch FROM expires_at - clock_timestamp())::float8 AS lives_s
FROM api_keys
WHERE prefix = %(prefix)s AND revoked_at IS NULL AND NOT disabled
  AND (expires_at IS NULL OR expires_at > clock_timestamp());

-- name: list
-- Keys with the state of their quotas, newest first, from a cursor; one key, one account's, or all.
SELECT key.*, nullif(use.ends_at, 'infinity') AS renews_at,
       CASE quota_unit WHEN 'pictures' THEN use.used_pictures ELSE use.used_credits END AS used,
       CASE quota_unit WHEN 'pictures' THEN use.reserved_pictures ELSE use.reserved_credits END AS reserved
FROM (
    SELECT * FROM api_keys
    WHERE (%(id)s::text IS NULL OR id = %(id)s) AND (%(account_id)s::text IS NULL OR account_id = %(account_id)s)
      AND (%(revoked)s OR revoked_at IS NULL) AND (%(before)s::text IS NULL OR id < %(before)s)
    ORDER BY id DESC LIMIT %(limit)s
) AS key
LEFT JOIN LATERAL (
    SELECT * FROM quota_use
    WHERE key_id = key.id AND period = quota_period AND starts_at <= now() AND ends_at > now()
    UNION ALL
    -- No submit has opened this period yet.
    SELECT * FROM count_quota_use(key.id, quota_period, now())
    WHERE NOT EXISTS (
        SELECT FROM quota_use
        WHERE key_id = key.id AND period = quota_period AND starts_at <= now() AND ends_at > now())
) AS use ON quota_period IS NOT NULL
ORDER BY key.id DESC;

-- name: spent
-- Credits that a key has cost so far.
SELECT coalesce(sum(cost), 0) AS spent FROM usage WHERE key_id = %(id)s;

-- name: named
-- Living keys by what the list shows of them.
SELECT id FROM api_keys
WHERE revoked_at IS NULL AND %(which)s IN (id, prefix, name) ORDER BY id;

-- name: lock_admins
-- The keys that could manage keys at this moment, held against others who would take one away.
SELECT id FROM api_keys
WHERE admin AND revoked_at IS NULL AND NOT disabled AND (expires_at IS NULL OR expires_at > clock_timestamp())
ORDER BY id FOR NO KEY UPDATE;

-- name: lock
-- NO KEY: a submit that opens a quota refers to this row, and need not wait.
SELECT * FROM api_keys WHERE id = %(id)s AND revoked_at IS NULL FOR NO KEY UPDATE;

-- name: change
UPDATE api_keys
SET name = %(name)s, admin = %(admin)s, disabled = %(disabled)s, expires_at = %(expires_at)s,
    models = %(models)s, addresses = %(addresses)s, quota_limit = %(quota_limit)s,
    quota_unit = %(quota_unit)s, quota_period = %(quota_period)s,
    requests_per_minute = %(requests_per_minute)s, max_tasks_at_once = %(max_tasks_at_once)s
WHERE id = %(id)s;

-- name: revoke
UPDATE api_keys SET revoked_at = now() WHERE id = %(id)s;

-- name: record
-- One line of the audit log.
INSERT INTO key_changes (key_id, account_id, action, actor, request_id, address, changes)
VALUES (%(key_id)s, %(account_id)s, %(action)s, %(actor)s, %(request_id)s, %(address)s, %(changes)s);

-- name: audit
-- Newest first, from a cursor.
SELECT * FROM key_changes
WHERE (%(key_id)s::text IS NULL OR key_id = %(key_id)s) AND (%(before)s::bigint IS NULL OR id < %(before)s)
ORDER BY id DESC LIMIT %(limit)s;
