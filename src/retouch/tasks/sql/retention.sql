-- What has had its time. Objects go first and are marked or deleted here afterwards: a sweep that is killed
-- between the two deletes the same objects again, which does no harm.

-- name: lock
-- One sweeper at a time; it ends with the connection, so a killed one blocks nobody.
SELECT pg_try_advisory_lock(%(lock)s) AS mine;

-- name: unlock
SELECT pg_advisory_unlock(%(lock)s);

-- name: expired_results
SELECT tasks.id, outcome FROM tasks JOIN task_results ON task_results.task_id = tasks.id
WHERE expires_at <= clock_timestamp() AND NOT results_gone AND tasks.id > %(after)s
ORDER BY tasks.id LIMIT 200;

-- name: mark_results_gone
UPDATE tasks SET results_gone = true WHERE id = ANY(%(ids)s);

-- name: useless_inputs
-- Inputs of ended tasks: at once, or with the results where the settings keep them.
SELECT id, request FROM tasks
WHERE ended_at IS NOT NULL AND NOT inputs_gone AND id > %(after)s
  AND (NOT %(keep)s OR coalesce(expires_at, ended_at + make_interval(secs => %(ttl_s)s)) <= clock_timestamp())
ORDER BY id LIMIT 200;

-- name: mark_inputs_gone
UPDATE tasks SET inputs_gone = true WHERE id = ANY(%(ids)s);

-- name: expired_uploads
SELECT id FROM uploads WHERE expires_at <= clock_timestamp() AND id > %(after)s ORDER BY id LIMIT 200;

-- name: delete_uploads
DELETE FROM uploads WHERE id = ANY(%(ids)s);

-- name: delete_rows
-- Rows of tasks long ended, with their results and events; never before their objects.
DELETE FROM tasks WHERE id IN (
    SELECT id FROM tasks
    WHERE ended_at < clock_timestamp() - make_interval(secs => %(age_s)s)
      AND inputs_gone AND (expires_at IS NULL OR results_gone)
    LIMIT 500);

-- name: owners_of_objects
SELECT tasks.id, ended_at IS NOT NULL AS ended, inputs_gone, results_gone, outcome
FROM tasks LEFT JOIN task_results ON task_results.task_id = tasks.id
WHERE tasks.id = ANY(%(ids)s);

-- name: known_uploads
SELECT id FROM uploads WHERE id = ANY(%(ids)s);

-- name: delete_once_keys
-- Keys that no client may rely on any longer.
DELETE FROM idempotency_keys WHERE (account_id, key) IN (
    SELECT account_id, key FROM idempotency_keys
    WHERE created_at < clock_timestamp() - make_interval(secs => %(age_s)s)
    LIMIT 500);

-- name: delete_webhook_tests
-- Deliveries of no task; all others go with theirs.
DELETE FROM webhook_deliveries WHERE id IN (
    SELECT id FROM webhook_deliveries
    WHERE task_id IS NULL AND created_at < clock_timestamp() - make_interval(secs => %(age_s)s)
    LIMIT 500);

-- name: delete_usage
-- What has been accounted for long enough. Totals of quotas do not forget with it: they are kept in quota_use.
DELETE FROM usage WHERE task_id IN (
    SELECT task_id FROM usage WHERE ended_at < clock_timestamp() - make_interval(secs => %(age_s)s) LIMIT 500);

-- name: delete_quota_use
-- Days and months of quotas long past, of which no task is left.
DELETE FROM quota_use WHERE (key_id, period, starts_at) IN (
    SELECT key_id, period, starts_at FROM quota_use
    WHERE ends_at < clock_timestamp() - make_interval(secs => %(age_s)s) AND reserved_pictures = 0
    LIMIT 500);
