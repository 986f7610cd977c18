-- What was delivered, to whom, at what cost (the table is written by the trigger task_settled).

-- name: sums
-- Tasks that ended in a span of UTC days, by group, and in all (the row whose group is null).
WITH ended AS (
    SELECT CASE %(group_by)s
               WHEN 'day' THEN to_char(ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
               WHEN 'model' THEN model ELSE key_id END AS "group",
           outcome, pictures, cost, extract(epoch FROM ended_at - submitted_at)::float8 AS seconds
    FROM usage
    WHERE ended_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
      AND ended_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
      AND (%(account_id)s::text IS NULL OR account_id = %(account_id)s)
)
SELECT "group", count(*) AS tasks, sum(pictures)::bigint AS pictures, sum(cost) AS cost,
       count(*) FILTER (WHERE outcome = 'completed') AS completed,
       count(*) FILTER (WHERE outcome IN ('cancelled', 'deleted')) AS cancelled,
       percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY seconds)
           FILTER (WHERE outcome = 'completed') AS latency
FROM ended GROUP BY GROUPING SETS (("group"), ()) ORDER BY grouping("group"), "group";

-- name: failures
-- Of the same tasks, how many failed by which code.
SELECT CASE %(group_by)s
           WHEN 'day' THEN to_char(ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')
           WHEN 'model' THEN model ELSE key_id END AS "group",
       outcome AS code, count(*) AS tasks
FROM usage
WHERE ended_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
  AND ended_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
  AND (%(account_id)s::text IS NULL OR account_id = %(account_id)s)
  AND outcome NOT IN ('completed', 'cancelled', 'deleted')
GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2;

-- name: today
SELECT (now() AT TIME ZONE 'UTC')::date AS today;
