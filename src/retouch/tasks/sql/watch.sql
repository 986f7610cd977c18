-- What those who wait for tasks are told (tasks/watch.py).

-- name: news
-- Of each task the events after the one that was seen last.
SELECT event.task_id, event.seq, event.kind, event.data, event.at
FROM unnest(%(ids)s::text[], %(seqs)s::integer[]) AS seen (task_id, seq)
JOIN task_events AS event ON event.task_id = seen.task_id AND event.seq > seen.seq
ORDER BY event.task_id, event.seq;
