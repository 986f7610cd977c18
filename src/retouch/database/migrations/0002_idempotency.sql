-- A key that a client chose for a submit: written with the task, so that the same submit never makes two.

CREATE TABLE idempotency_keys (
    account_id  text NOT NULL,
    key         text NOT NULL,
    fingerprint bytea NOT NULL,                   -- of what was asked for, without the key
    task_id     text NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, key)
);
CREATE INDEX idempotency_keys_task ON idempotency_keys (task_id);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
