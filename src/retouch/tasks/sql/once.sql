-- Keys that clients choose for their submits (tasks/once.py).

-- name: wait_briefly
-- For a lock that another submit with the same key holds.
SET LOCAL lock_timeout = '2s';

-- name: create
-- The task's row, its ticket and the client's key: a key that is there already refuses all three.
WITH turn AS (
    SELECT * FROM take_place(%(account_id)s, %(cost)s)
), task AS (
    INSERT INTO tasks (id, account_id, key_id, request_id, request, price, place, vfinish)
    SELECT %(task_id)s, %(account_id)s, %(key_id)s, %(request_id)s, %(request)s, %(price)s,
           place, vfinish FROM turn
    RETURNING *
), once AS (
    INSERT INTO idempotency_keys (account_id, key, fingerprint, task_id)
    SELECT account_id, %(once_key)s, %(fingerprint)s, id FROM task
)
SELECT task.*, make_ticket_at(task.id, task.place, turn.holds) AS ticket FROM task, turn;

-- name: find
-- What a client's key stands for.
SELECT fingerprint, task_id FROM idempotency_keys WHERE account_id = %(account_id)s AND key = %(once_key)s;
