-- Tickets are made to fit the tasks, never the other way round.

-- name: make_missing
-- A pending task without a ticket that waits or has just been taken gets one. A ticket taken longer ago than
-- a claim can last does not count: its worker died, or lost the database between the ticket and the claim.
WITH lost AS (
    SELECT tasks.id, tasks.place FROM tasks
    WHERE status = 'pending'
      AND NOT EXISTS (
          SELECT FROM procrastinate_jobs AS job WHERE job.queueing_lock = tasks.id AND job.status = 'todo')
      AND NOT EXISTS (
          SELECT FROM procrastinate_jobs AS job
          JOIN procrastinate_workers AS worker ON worker.id = job.worker_id
          JOIN procrastinate_events AS event ON event.job_id = job.id AND event.type = 'started'
          WHERE job.queueing_lock = tasks.id AND job.status = 'doing'
            AND worker.last_heartbeat > now() - make_interval(secs => %(stalled_s)s)
            AND event.at > now() - make_interval(secs => %(stalled_s)s))
    LIMIT 1000
)
SELECT make_ticket(id, ticket_priority(place), 0) FROM lost;

-- name: delete_stale
-- Tickets that nobody will finish: of workers that are gone, of tasks that ended a while ago or never were.
DELETE FROM procrastinate_jobs AS job
WHERE queue_name = %(queue)s AND (
    status NOT IN ('todo', 'doing')
    OR (status = 'doing' AND NOT EXISTS (
        SELECT FROM procrastinate_workers AS worker
        WHERE worker.id = job.worker_id
          AND worker.last_heartbeat > now() - make_interval(secs => %(stalled_s)s)))
    OR NOT EXISTS (
        SELECT FROM tasks
        WHERE tasks.id = job.queueing_lock
          AND (tasks.ended_at IS NULL
               OR (job.status = 'doing'
                   AND tasks.ended_at > now() - make_interval(secs => %(stalled_s)s)))));

-- name: prune_workers
SELECT procrastinate_prune_stalled_workers_v1(%(stalled_s)s);
