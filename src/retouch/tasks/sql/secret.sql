-- The fingerprint of the secret that this database is used with.

-- name: remember
INSERT INTO facts (name, value) VALUES ('secret_fingerprint', %(fingerprint)s) ON CONFLICT DO NOTHING;

-- name: recall
SELECT value FROM facts WHERE name = 'secret_fingerprint';
