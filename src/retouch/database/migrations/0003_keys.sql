-- What a key may do, what it has used, what that cost, and who changed it.

ALTER TABLE api_keys
    ADD COLUMN disabled            boolean NOT NULL DEFAULT false,
    ADD COLUMN expires_at          timestamptz,
    ADD COLUMN models              text[],             -- NULL: every model
    ADD COLUMN addresses           text[],             -- networks in CIDR form; NULL: from everywhere
    ADD COLUMN quota_limit         numeric(18, 6) CHECK (quota_limit >= 0),
    ADD COLUMN quota_unit          text CHECK (quota_unit IN ('pictures', 'credits')),
    ADD COLUMN quota_period        text CHECK (quota_period IN ('total', 'day', 'month')),
    ADD COLUMN requests_per_minute integer CHECK (requests_per_minute > 0),
    ADD COLUMN max_tasks_at_once   integer CHECK (max_tasks_at_once > 0),
    ADD CONSTRAINT a_quota_is_whole CHECK (num_nulls(quota_limit, quota_unit, quota_period) IN (0, 3));
CREATE INDEX api_keys_admins ON api_keys (id) WHERE admin AND revoked_at IS NULL;

CREATE TABLE key_changes (      -- the audit log; it outlives its keys, and never has a secret in it
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    key_id     text NOT NULL,
    account_id text NOT NULL,
    action     text NOT NULL CHECK (action IN ('created', 'changed', 'revoked')),
    actor      text NOT NULL,   -- id of the key that did it, "cli", or "first start"
    request_id text,
    address    text,
    changes    jsonb NOT NULL   -- {"name": {"from": …, "to": …}}
);
CREATE INDEX key_changes_of_key ON key_changes (key_id, id);

-- Requests a minute (tasks/rate.py). A server that crashed may forget these: everybody starts afresh.
CREATE UNLOGGED TABLE rate_limits (
    key_id text PRIMARY KEY,
    tat    timestamptz NOT NULL  -- theoretical arrival time of the generic cell rate algorithm
) WITH (fillfactor = 50);

-- What a picture of the task costs, fixed when it was submitted.
ALTER TABLE tasks ADD COLUMN price numeric(18, 6) NOT NULL DEFAULT 0 CHECK (price >= 0);
CREATE INDEX tasks_open_of_key ON tasks (key_id) WHERE ended_at IS NULL;

CREATE TABLE usage (            -- one row for each task that ended, written in the transaction of its end
    task_id      text PRIMARY KEY,
    account_id   text NOT NULL,
    key_id       text NOT NULL,
    model        text NOT NULL,
    engine       text,
    outcome      text NOT NULL, -- completed, cancelled, deleted, or the code of the failure
    asked        integer NOT NULL,
    pictures     integer NOT NULL,                -- delivered, and paid for
    cost         numeric(18, 6) NOT NULL,
    submitted_at timestamptz NOT NULL,
    started_at   timestamptz,
    ended_at     timestamptz NOT NULL
);
CREATE INDEX usage_of_account ON usage (account_id, ended_at);
CREATE INDEX usage_of_key ON usage (key_id, submitted_at) INCLUDE (pictures, cost);
CREATE INDEX usage_age ON usage (ended_at);

-- A key's use of one period, counted by the time of the submit: for every row, at every commit,
--   reserved = what the key's tasks of this period that have not ended may still deliver,
--   used     = what those that have ended did deliver.
-- A row comes into being with the first submit under a quota of that period, from the tables above. From then on
-- the two triggers below keep it. Both units are counted, so that a quota can change from one to the other.
CREATE TABLE quota_use (
    key_id            text NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    period            text NOT NULL,
    starts_at         timestamptz NOT NULL,
    ends_at           timestamptz NOT NULL,
    reserved_pictures bigint NOT NULL CHECK (reserved_pictures >= 0),
    reserved_credits  numeric(18, 6) NOT NULL CHECK (reserved_credits >= 0),
    used_pictures     bigint NOT NULL CHECK (used_pictures >= 0),
    used_credits      numeric(18, 6) NOT NULL CHECK (used_credits >= 0),
    PRIMARY KEY (key_id, period, starts_at)
);

-- Days and months are those of UTC, whatever the session's time zone is.
CREATE FUNCTION quota_window(period text, at timestamptz, OUT starts_at timestamptz, OUT ends_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN period = 'total' THEN '-infinity'::timestamptz
                ELSE date_trunc(period, at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' END,
           CASE WHEN period = 'total' THEN 'infinity'::timestamptz
                ELSE (date_trunc(period, at AT TIME ZONE 'UTC') + ('1 ' || period)::interval)
                    AT TIME ZONE 'UTC' END
$$;

-- How many pictures a request asks for.
CREATE FUNCTION pictures_asked(request jsonb) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce((request->>'n')::integer, 1)
$$;

-- What a key has used and reserved in the period around a moment, counted from the tasks themselves.
CREATE FUNCTION count_quota_use(key text, of_period text, at timestamptz) RETURNS quota_use
LANGUAGE sql STABLE AS $$
    SELECT key, of_period, w.starts_at, w.ends_at, open.pictures, open.credits, done.pictures, done.credits
    FROM quota_window(of_period, at) AS w,
    LATERAL (
        SELECT coalesce(sum(pictures_asked(request)), 0) AS pictures,
               coalesce(sum(pictures_asked(request) * price), 0) AS credits
        FROM tasks
        WHERE key_id = key AND ended_at IS NULL AND created_at >= w.starts_at AND created_at < w.ends_at
    ) AS open,
    LATERAL (
        SELECT coalesce(sum(usage.pictures), 0) AS pictures, coalesce(sum(cost), 0) AS credits FROM usage
        WHERE key_id = key AND submitted_at >= w.starts_at AND submitted_at < w.ends_at
    ) AS done
$$;

-- Submits and ends of one key pass side by side; who counts alone makes the others wait for its commit. Taken
-- after every row lock but that of quota_use, so that nobody waits in a circle.
CREATE FUNCTION lock_quota(key text, alone boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF alone THEN
        PERFORM pg_advisory_xact_lock(21361, hashtext(key));
    ELSE
        PERFORM pg_advisory_xact_lock_shared(21361, hashtext(key));
    END IF;
END
$$;

-- A submit is judged and its pictures are reserved before its row is written: no way in goes round this.
-- RT402 and RT429 carry the facts as JSON in their detail; tasks/quota.py makes sentences of them.
CREATE FUNCTION task_admitted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    asked integer := pictures_asked(NEW.request);
    key   record;
    used  record;
    open  bigint;
BEGIN
    SELECT quota_limit, quota_unit, quota_period, max_tasks_at_once INTO key
    FROM api_keys WHERE id = NEW.key_id;
    PERFORM lock_quota(NEW.key_id, num_nonnulls(key.quota_period, key.max_tasks_at_once) > 0);
    IF key.max_tasks_at_once IS NOT NULL THEN
        SELECT count(*) INTO open FROM tasks WHERE key_id = NEW.key_id AND ended_at IS NULL;
        IF open >= key.max_tasks_at_once THEN
            RAISE EXCEPTION 'too many tasks at once' USING ERRCODE = 'RT429',
                DETAIL = jsonb_build_object('limit', key.max_tasks_at_once, 'open', open);
        END IF;
    END IF;
    IF key.quota_period IS NOT NULL AND NOT EXISTS (
        SELECT FROM quota_use
        WHERE key_id = NEW.key_id AND period = key.quota_period
          AND starts_at <= NEW.created_at AND ends_at > NEW.created_at)
    THEN
        INSERT INTO quota_use
        SELECT (count_quota_use(NEW.key_id, key.quota_period, NEW.created_at)).*;
    END IF;
    UPDATE quota_use
    SET reserved_pictures = reserved_pictures + asked, reserved_credits = reserved_credits + asked * NEW.price
    WHERE key_id = NEW.key_id AND starts_at <= NEW.created_at AND ends_at > NEW.created_at;
    IF key.quota_period IS NULL THEN
        RETURN NEW;
    END IF;
    SELECT CASE key.quota_unit WHEN 'pictures' THEN used_pictures ELSE used_credits END AS spent,
           CASE key.quota_unit WHEN 'pictures' THEN reserved_pictures ELSE reserved_credits END AS reserved,
           CASE key.quota_unit WHEN 'pictures' THEN asked ELSE asked * NEW.price END AS wanted,
           extract(epoch FROM nullif(ends_at, 'infinity'))::bigint AS renews_at
    INTO used FROM quota_use
    WHERE key_id = NEW.key_id AND period = key.quota_period
      AND starts_at <= NEW.created_at AND ends_at > NEW.created_at;
    IF used.spent + used.reserved > key.quota_limit THEN
        RAISE EXCEPTION 'the quota is used up' USING ERRCODE = 'RT402',
            DETAIL = jsonb_build_object(
                'limit', key.quota_limit, 'unit', key.quota_unit, 'period', key.quota_period,
                'used', used.spent, 'reserved', used.reserved - used.wanted, 'wanted', used.wanted,
                'renews_at', used.renews_at);
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER task_admitted BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION task_admitted();

-- The end of a task, whichever statement brings it about: what was reserved is free again, what was delivered is
-- used, and both stand in the accounts. A task deleted before its end has delivered nothing.
CREATE FUNCTION task_settled() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    asked     integer := pictures_asked(OLD.request);
    delivered integer := 0;
    by_engine text;
    because   text := 'deleted';
    ended     timestamptz := clock_timestamp();
BEGIN
    IF TG_OP = 'UPDATE' THEN
        because := CASE NEW.status WHEN 'failed' THEN coalesce(NEW.failure->>'code', 'failed')
                                   ELSE NEW.status END;
        ended := NEW.ended_at;
        IF NEW.status = 'completed' THEN
            SELECT jsonb_array_length(outcome->'pictures'), outcome->>'engine' INTO delivered, by_engine
            FROM task_results WHERE task_id = NEW.id;
            IF delivered IS NULL THEN
                RAISE EXCEPTION 'task % completed without a result', NEW.id
                    USING ERRCODE = 'check_violation';
            END IF;
        END IF;
    END IF;
    PERFORM lock_quota(OLD.key_id, false);
    UPDATE quota_use
    SET reserved_pictures = reserved_pictures - asked, reserved_credits = reserved_credits - asked * OLD.price,
        used_pictures = used_pictures + delivered, used_credits = used_credits + delivered * OLD.price
    WHERE key_id = OLD.key_id AND starts_at <= OLD.created_at AND ends_at > OLD.created_at;
    INSERT INTO usage VALUES (
        OLD.id, OLD.account_id, OLD.key_id, coalesce(OLD.request->>'model', ''), by_engine, because,
        asked, delivered, delivered * OLD.price, OLD.created_at, OLD.started_at, ended);
    RETURN NULL;
END
$$;
CREATE TRIGGER task_settled AFTER UPDATE ON tasks FOR EACH ROW
    WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL) EXECUTE FUNCTION task_settled();
CREATE TRIGGER task_gone AFTER DELETE ON tasks FOR EACH ROW
    WHEN (OLD.ended_at IS NULL) EXECUTE FUNCTION task_settled();

-- An account is deleted whole.
CREATE FUNCTION account_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM usage WHERE account_id = OLD.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER account_gone AFTER DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION account_gone();

-- Tasks that ended before this version.
INSERT INTO usage
SELECT tasks.id, account_id, key_id, coalesce(request->>'model', ''), outcome->>'engine',
       CASE status WHEN 'failed' THEN coalesce(failure->>'code', 'failed') ELSE status END,
       pictures_asked(request), coalesce(jsonb_array_length(outcome->'pictures'), 0), 0,
       tasks.created_at, started_at, ended_at
FROM tasks LEFT JOIN task_results ON task_results.task_id = tasks.id
WHERE ended_at IS NOT NULL;
