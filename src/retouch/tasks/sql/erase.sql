-- Deleting for good: a task, or an account with everything of its (tasks/erase.py). First comes a mark that is
-- committed, then objects, then rows: whoever is killed in between leaves the mark, and the sweeper goes on.

-- name: mark_task
-- For its client the task is gone from here on.
UPDATE tasks SET deleted_at = clock_timestamp()
WHERE id = %(task_id)s AND ended_at IS NOT NULL AND deleted_at IS NULL
  AND (%(account_id)s::text IS NULL OR account_id = %(account_id)s)
RETURNING id;

-- name: marked_tasks
SELECT id FROM tasks WHERE deleted_at IS NOT NULL AND id > %(after)s ORDER BY id LIMIT 200;

-- name: delete_tasks
-- Results, events and client's keys go along. What was delivered stays accounted for.
DELETE FROM tasks WHERE id = ANY(%(ids)s);

-- name: mark_account
-- It takes no submit and no upload any more, and all that were under way have been committed or refused.
UPDATE accounts SET deleted_at = coalesce(deleted_at, clock_timestamp()) WHERE id = %(account_id)s RETURNING id;

-- name: revoke_keys
UPDATE api_keys SET revoked_at = clock_timestamp() WHERE account_id = %(account_id)s AND revoked_at IS NULL;

-- name: marked_accounts
SELECT id FROM accounts WHERE deleted_at IS NOT NULL ORDER BY id;

-- name: open_tasks
SELECT id FROM tasks WHERE account_id = %(account_id)s AND ended_at IS NULL LIMIT 200;

-- name: tasks
SELECT id FROM tasks WHERE account_id = %(account_id)s LIMIT 200;

-- name: uploads
SELECT id FROM uploads WHERE account_id = %(account_id)s LIMIT 200;

-- name: delete_uploads
DELETE FROM uploads WHERE id = ANY(%(ids)s);

-- name: tables
-- Every table that says whose its rows are: by account, or else by key. Later tables are found by this, too.
SELECT columns.table_name AS name, bool_or(column_name = 'account_id') AS by_account
FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'
  AND column_name IN ('account_id', 'key_id') AND table_name NOT IN ('tasks', 'uploads')
GROUP BY table_name
ORDER BY by_account, columns.table_name = 'api_keys', table_name;

-- name: delete_account
DELETE FROM accounts WHERE id = %(account_id)s AND deleted_at IS NOT NULL;
