-- Accounts: what they may, and how they go (tasks/accounts.py, tasks/erase.py).

-- name: list
SELECT accounts.id, created_at, weight, tasks_at_once, deleted_at IS NOT NULL AS deleting,
       (SELECT count(*) FROM tasks WHERE account_id = accounts.id AND ended_at IS NULL AND status = 'pending')
           AS pending,
       (SELECT count(*) FROM tasks WHERE account_id = accounts.id AND ended_at IS NULL AND status = 'processing')
           AS processing
FROM accounts
WHERE %(account_id)s::text IS NULL OR accounts.id = %(account_id)s
ORDER BY accounts.id;

-- name: set_weight
UPDATE accounts SET weight = %(weight)s WHERE id = %(account_id)s;

-- name: set_tasks_at_once
UPDATE accounts SET tasks_at_once = %(tasks_at_once)s WHERE id = %(account_id)s;

-- name: wake
-- All held tickets: those that are over the new bound will be held again.
SELECT wake_held(%(account_id)s, 1000000);
