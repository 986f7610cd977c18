-- What messages to an account's receivers are signed with: salts, never secrets.

-- name: find
SELECT salt, made_at, previous_until, CASE WHEN previous_until > clock_timestamp() THEN previous_salt END AS previous_salt
FROM webhook_secrets WHERE account_id = %(account_id)s;

-- name: make
INSERT INTO webhook_secrets (account_id, salt) VALUES (%(account_id)s, %(salt)s) ON CONFLICT DO NOTHING;

-- name: rotate
-- The one before signs on for a while; of three in a row the first one ends at once.
INSERT INTO webhook_secrets (account_id, salt) VALUES (%(account_id)s, %(salt)s)
ON CONFLICT (account_id) DO UPDATE
SET previous_salt = webhook_secrets.salt,
    previous_until = clock_timestamp() + make_interval(secs => %(overlap_s)s),
    salt = EXCLUDED.salt, made_at = clock_timestamp();
