-- The tables of account deletion and the audit log (docs: deletion, audit).
-- Additive: a table that stands already gets the columns, keys and indexes that it lacks, and its rows are adopted.

-- Adds a unique key over exactly these columns unless one stands.
CREATE OR REPLACE FUNCTION pg_temp.ensure_key(of regclass, key_columns text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_index
        WHERE indrelid = of AND indisunique AND indpred IS NULL AND indexprs IS NULL
          AND (SELECT array_agg(attname::text ORDER BY attname) FROM pg_attribute
               WHERE attrelid = of AND attnum = ANY (indkey)) = (SELECT array_agg(c ORDER BY c) FROM unnest(key_columns) c)
    ) THEN
        EXECUTE format('ALTER TABLE %s ADD UNIQUE (%s)', of, (SELECT string_agg(quote_ident(c), ', ') FROM unnest(key_columns) c));
    END IF;
END $$;

-- Adds a check by its name unless it stands. Rows from before are not checked.
CREATE OR REPLACE FUNCTION pg_temp.ensure_check(of regclass, check_name text, expression text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = of AND conname = check_name) THEN
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%s) NOT VALID', of, check_name, expression);
    END IF;
END $$;

-- A column's type without length, as SQL writes it; NULL where there is no such column.
CREATE OR REPLACE FUNCTION pg_temp.type_of(of regclass, column_name text) RETURNS text LANGUAGE sql AS $$
    SELECT format_type(atttypid, NULL) FROM pg_attribute
    WHERE attrelid = of AND attname = column_name AND attnum > 0 AND NOT attisdropped
$$;

-- `id` with a default that draws it, and a unique key over it. `made`: how it is made where there is none.
CREATE OR REPLACE FUNCTION pg_temp.ensure_id(of regclass, made text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    kind text := pg_temp.type_of(of, 'id');
    draws boolean;
    serial text := format('%I', (SELECT relname FROM pg_class WHERE oid = of) || '_chatear_id');
BEGIN
    IF kind IS NULL THEN
        EXECUTE format('ALTER TABLE %s ADD COLUMN id %s', of, made);
    END IF;
    SELECT atthasdef OR attidentity <> '' INTO draws FROM pg_attribute WHERE attrelid = of AND attname = 'id';
    IF NOT draws AND kind IN ('smallint', 'integer', 'bigint') THEN
        EXECUTE format('CREATE SEQUENCE %s AS %s OWNED BY %s.id', serial, kind, of);
        EXECUTE format('SELECT setval(%L, coalesce(max(id), 0) + 1, false) FROM %s', serial, of);
        EXECUTE format('ALTER TABLE %s ALTER COLUMN id SET DEFAULT nextval(%L)', of, serial);
    ELSIF NOT draws THEN
        EXECUTE format('ALTER TABLE %s ALTER COLUMN id SET DEFAULT gen_random_uuid()%s', of,
                       CASE WHEN kind = 'uuid' THEN '' ELSE '::text' END);
    END IF;
    PERFORM pg_temp.ensure_key(of, '{id}');
END $$;

-- Words of ours do not fit an enum or a short varchar, nor a check over others' words.
CREATE OR REPLACE FUNCTION pg_temp.ensure_text(of regclass, column_name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT conname FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND conkey = ARRAY[attnum]
        WHERE conrelid = of AND contype = 'c' AND attname = column_name
          AND conname <> (SELECT relname FROM pg_class WHERE oid = of) || '_' || column_name
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', of, name);
    END LOOP;
    IF pg_temp.type_of(of, column_name) <> 'text' THEN
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', of, column_name);
        EXECUTE format('ALTER TABLE %1$s ALTER COLUMN %2$I TYPE text USING %2$I::text', of, column_name);
    END IF;
END $$;

-- Times are moments: one without a zone is taken for UTC. They may be unknown, unless they have a default.
CREATE OR REPLACE FUNCTION pg_temp.ensure_moments(of regclass, column_names text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY column_names LOOP
        IF pg_temp.type_of(of, name) = 'timestamp without time zone' THEN
            EXECUTE format('ALTER TABLE %s ALTER COLUMN %2$I TYPE timestamptz USING %2$I AT TIME ZONE ''UTC''', of, name);
        END IF;
    END LOOP;
END $$;

-- Our inserts name our columns only.
CREATE OR REPLACE FUNCTION pg_temp.ensure_insertable(of regclass, our_columns text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    SELECT attname INTO name FROM pg_attribute
    WHERE attrelid = of AND attnum > 0 AND NOT attisdropped AND attnotnull AND NOT atthasdef AND attidentity = ''
      AND attname <> ALL (our_columns);
    IF FOUND THEN
        RAISE EXCEPTION 'column % of table % is NOT NULL and has no default: give it a default, or let it be NULL', name, of
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
END $$;

-- The accounts belong to the product; this is for development, where there is no such table.
CREATE TABLE IF NOT EXISTS users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text,
    is_deleted boolean NOT NULL DEFAULT false,
    deleted_at timestamptz,
    name text,
    locale text,
    time_zone text
);
DO $$
BEGIN
    IF pg_temp.type_of('users', 'id') IS NULL OR pg_temp.type_of('users', 'email') IS NULL
       OR pg_temp.type_of('users', 'is_deleted') IS DISTINCT FROM 'boolean' THEN
        RAISE EXCEPTION 'table users needs the columns id, email and is_deleted (boolean)'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
END $$;

-- The audit log: append-only, each row chained to the one before (docs: audit).
CREATE TABLE IF NOT EXISTS action_logs (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    user_id text
);
SELECT pg_temp.ensure_id('action_logs', 'bigint GENERATED BY DEFAULT AS IDENTITY');
ALTER TABLE action_logs
    ADD COLUMN IF NOT EXISTS user_id text,
    ADD COLUMN IF NOT EXISTS action text,
    ADD COLUMN IF NOT EXISTS meta jsonb,
    ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS chain_seq bigint,
    ADD COLUMN IF NOT EXISTS prev_hash bytea,
    ADD COLUMN IF NOT EXISTS hash bytea;
-- Not everything that is logged is about a user.
ALTER TABLE action_logs ALTER COLUMN user_id DROP NOT NULL, ALTER COLUMN created_at SET DEFAULT now();
SELECT pg_temp.ensure_text('action_logs', 'action');
SELECT pg_temp.ensure_moments('action_logs', '{created_at}');
SELECT pg_temp.ensure_insertable('action_logs', '{id,user_id,action,meta,created_at,chain_seq,prev_hash,hash}');
DO $$
DECLARE
    name text;
BEGIN
    IF pg_temp.type_of('action_logs', 'meta') = 'json' THEN
        ALTER TABLE action_logs ALTER COLUMN meta TYPE jsonb USING meta::jsonb;
    ELSIF pg_temp.type_of('action_logs', 'meta') <> 'jsonb' THEN
        RAISE EXCEPTION 'column meta of table action_logs must be jsonb: rename it, or change its type'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    -- A log that cannot change can neither follow a user's row nor forbid its removal, and names unknown users too.
    FOR name IN
        SELECT conname FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND conkey = ARRAY[attnum]
        WHERE conrelid = 'action_logs'::regclass AND contype = 'f' AND attname = 'user_id'
    LOOP
        EXECUTE format('ALTER TABLE action_logs DROP CONSTRAINT %I', name);
    END LOOP;
END $$;
CREATE SEQUENCE IF NOT EXISTS action_logs_chain_seq;
CREATE UNIQUE INDEX IF NOT EXISTS action_logs_chain ON action_logs (chain_seq);
CREATE INDEX IF NOT EXISTS action_logs_user ON action_logs (user_id, chain_seq);
-- What proves a recovery mail that its ledger does not (deletion, rule 10).
CREATE INDEX IF NOT EXISTS action_logs_proof ON action_logs ((meta ->> 'deletion_id'))
    WHERE action IN ('deletion.mail_refused', 'deletion.mail_accepted_by_operator');

-- One field of the binary form: its length in 8 bytes, then its bytes; NULL is the length -1 alone. (RETURN: names are
-- looked up now, not with the search_path of whoever inserts.)
CREATE OR REPLACE FUNCTION chatear_audit_field(bytes bytea) RETURNS bytea LANGUAGE sql IMMUTABLE
    RETURN CASE WHEN bytes IS NULL THEN int8send(-1) ELSE int8send(octet_length(bytes)) || bytes END;

-- SHA-256 over the binary form of a row (docs: audit). Rows from before the chain have neither chain_seq nor prev_hash.
CREATE OR REPLACE FUNCTION chatear_audit_hash(
    chain_seq bigint, prev_hash bytea, id text, user_id text, action text, created_at timestamptz, meta text
) RETURNS bytea LANGUAGE sql STABLE
    RETURN sha256(
        chatear_audit_field('action_logs 1'::bytea) || chatear_audit_field(int8send(chain_seq)) ||
        chatear_audit_field(prev_hash) || chatear_audit_field(convert_to(id, 'UTF8')) ||
        chatear_audit_field(convert_to(user_id, 'UTF8')) || chatear_audit_field(convert_to(action, 'UTF8')) ||
        chatear_audit_field(int8send((extract(epoch FROM created_at) * 1000000)::bigint)) ||
        chatear_audit_field(convert_to(meta, 'UTF8')));

CREATE OR REPLACE FUNCTION chatear_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table action_logs is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

-- Its names carry their schema: whoever inserts may have another search_path, or a temporary table of that name.
DO $$
DECLARE
    home text := (SELECT quote_ident(nspname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE c.oid = 'action_logs'::regclass);
BEGIN
    EXECUTE replace($function$
        -- A plan that was made for a small table stays in its session: it must use the index from the first row on.
        CREATE OR REPLACE FUNCTION chatear_audit_chain() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $body$
        BEGIN
            -- An older snapshot would not see the head, and the chain would fork.
            IF current_setting('transaction_isolation') <> 'read committed' THEN
                RAISE EXCEPTION 'table action_logs takes rows in READ COMMITTED transactions only'
                    USING ERRCODE = 'invalid_transaction_state';
            END IF;
            -- Held to the end of the transaction, and the number is drawn under it: the order of the chain is
            -- the order of the commits.
            PERFORM pg_advisory_xact_lock(7234109856120441);
            NEW.chain_seq := nextval('HOME.action_logs_chain_seq');
            NEW.prev_hash := coalesce(
                (SELECT hash FROM HOME.action_logs WHERE chain_seq IS NOT NULL ORDER BY chain_seq DESC LIMIT 1),
                decode(repeat('00', 32), 'hex'));
            NEW.created_at := coalesce(NEW.created_at, now());
            NEW.hash := HOME.chatear_audit_hash(NEW.chain_seq, NEW.prev_hash, NEW.id::text, NEW.user_id::text,
                                                NEW.action, NEW.created_at, NEW.meta::text);
            RETURN NEW;
        END $body$
        $function$, 'HOME', home);
END $$;

CREATE OR REPLACE TRIGGER chatear_audit_chain BEFORE INSERT ON action_logs
    FOR EACH ROW EXECUTE FUNCTION chatear_audit_chain();
CREATE OR REPLACE TRIGGER chatear_audit_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON action_logs
    FOR EACH STATEMENT EXECUTE FUNCTION chatear_audit_refuse();

-- The first link says what stood before the chain: how many rows, and a digest of them in the order of their ids.
DO $$
DECLARE
    entry record;
    rows_before bigint := 0;
    digest bytea := decode(repeat('00', 32), 'hex');
BEGIN
    IF EXISTS (SELECT FROM action_logs WHERE chain_seq IS NOT NULL) THEN
        RETURN;
    END IF;
    FOR entry IN
        SELECT chatear_audit_hash(NULL, NULL, id::text, user_id::text, action, created_at, meta::text) AS hash
        FROM action_logs ORDER BY id::text COLLATE "C"
    LOOP
        rows_before := rows_before + 1;
        digest := sha256(digest || entry.hash);
    END LOOP;
    INSERT INTO action_logs (action, meta)
    VALUES ('audit.adopted', jsonb_build_object('rows', rows_before, 'digest', encode(digest, 'hex')));
END $$;

-- One row a deletion. user_id is of the type of users.id.
DO $$
BEGIN
    EXECUTE format('CREATE TABLE IF NOT EXISTS user_deletions (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id %s NOT NULL)',
                   pg_temp.type_of('users', 'id'));
    IF pg_temp.type_of('user_deletions', 'user_id') IS NULL THEN
        RAISE EXCEPTION 'table user_deletions stands and has no column user_id: rename it'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF pg_temp.type_of('user_deletions', 'requested_at') IS NULL AND pg_temp.type_of('user_deletions', 'created_at') IS NOT NULL THEN
        ALTER TABLE user_deletions ADD COLUMN requested_at timestamptz;
        UPDATE user_deletions SET requested_at = coalesce(created_at, now());
    END IF;
END $$;
-- A user may ask again after a recovery: a key over user_id alone allows but one deletion for ever.
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT conname FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND conkey = ARRAY[attnum]
        WHERE conrelid = 'user_deletions'::regclass AND contype IN ('p', 'u') AND attname = 'user_id'
    LOOP
        EXECUTE format('ALTER TABLE user_deletions DROP CONSTRAINT %I', name);
    END LOOP;
    FOR name IN
        SELECT indexrelid::regclass FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND indkey::text = attnum::text
        WHERE indrelid = 'user_deletions'::regclass AND indisunique AND indpred IS NULL AND attname = 'user_id'
    LOOP
        EXECUTE format('DROP INDEX %s', name);
    END LOOP;
END $$;
SELECT pg_temp.ensure_id('user_deletions', 'uuid NOT NULL DEFAULT gen_random_uuid()');
ALTER TABLE user_deletions
    ADD COLUMN IF NOT EXISTS status text,
    ADD COLUMN IF NOT EXISTS requested_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS recovery_sent_at timestamptz,
    ADD COLUMN IF NOT EXISTS scheduled_at timestamptz,
    ADD COLUMN IF NOT EXISTS executed_at timestamptz,
    ADD COLUMN IF NOT EXISTS cancelled_at timestamptz,
    ADD COLUMN IF NOT EXISTS mail_number integer NOT NULL DEFAULT 1,
    ADD COLUMN IF NOT EXISTS mail_attempts integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS next_mail_at timestamptz,
    ADD COLUMN IF NOT EXISTS address_hash text,
    ADD COLUMN IF NOT EXISTS address_changes integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS held_reason text,
    ADD COLUMN IF NOT EXISTS held_from text;
ALTER TABLE user_deletions
    ALTER COLUMN recovery_sent_at DROP NOT NULL, ALTER COLUMN scheduled_at DROP NOT NULL,
    ALTER COLUMN executed_at DROP NOT NULL, ALTER COLUMN cancelled_at DROP NOT NULL;
SELECT pg_temp.ensure_text('user_deletions', 'status');
SELECT pg_temp.ensure_moments('user_deletions',
    '{requested_at,recovery_sent_at,scheduled_at,executed_at,cancelled_at,next_mail_at}');
SELECT pg_temp.ensure_insertable('user_deletions',
    '{id,user_id,status,requested_at,recovery_sent_at,scheduled_at,executed_at,cancelled_at,mail_number,mail_attempts,'
    'next_mail_at,address_hash,address_changes,held_reason,held_from}');

-- Rows from before: what they are taken for. Without proof of a mail a deletion begins anew with one (rule 10); of
-- several open ones of one user the oldest stays.
CREATE TEMP TABLE adopted_deletions ON COMMIT DROP AS
SELECT id, user_id, was, becomes, number > 1 OR user_id IS NULL AS one_too_many
FROM (
    SELECT id, user_id, was, becomes, CASE WHEN becomes IN ('queued', 'scheduled', 'held') THEN
        row_number() OVER (PARTITION BY user_id, becomes IN ('queued', 'scheduled', 'held') ORDER BY requested_at, id) ELSE 1 END AS number
    FROM (
        SELECT id, user_id, requested_at, status AS was,
               CASE WHEN lower(status) IN ('executed', 'completed', 'deleted') THEN 'executed'
                    WHEN lower(status) IN ('cancelled', 'canceled', 'recovered') THEN 'cancelled'
                    WHEN lower(status) = 'failed' THEN 'failed'
                    WHEN status = 'held' AND held_reason IS NOT NULL THEN 'held'
                    WHEN status = 'scheduled' AND recovery_sent_at IS NOT NULL AND EXISTS (
                        SELECT FROM email_sends e WHERE e.event_id = d.id || '.' || d.mail_number AND e.status = 'sent') THEN 'scheduled'
                    ELSE 'queued' END AS becomes
        FROM user_deletions d) named) numbered;
UPDATE adopted_deletions SET becomes = 'failed' WHERE one_too_many AND becomes IN ('queued', 'scheduled', 'held');
UPDATE user_deletions d SET status = a.becomes, requested_at = coalesce(d.requested_at, now())
FROM adopted_deletions a WHERE a.id = d.id;
UPDATE user_deletions SET recovery_sent_at = NULL, scheduled_at = NULL, mail_attempts = 0, next_mail_at = now() WHERE status = 'queued';
DO $$
DECLARE
    theirs text := pg_temp.type_of('user_deletions', 'user_id');
    logged text := pg_temp.type_of('action_logs', 'user_id');
BEGIN
    EXECUTE format(
        'INSERT INTO action_logs (user_id, action, meta)
         SELECT %s, ''deletion.adopted'', jsonb_strip_nulls(jsonb_build_object(
                    ''deletion_id'', id::text, ''user_id'', user_id::text, ''was'', was, ''status'', becomes,
                    ''reason'', CASE WHEN one_too_many AND becomes = ''failed'' THEN ''an older deletion of the user is open, or it names no user'' END))
         FROM adopted_deletions ORDER BY id',
        CASE WHEN logged IN ('text', 'character varying') THEN 'user_id::text'
             WHEN logged = theirs THEN 'user_id' ELSE format('NULL::%s', logged) END);
END $$;

ALTER TABLE user_deletions
    ALTER COLUMN status SET DEFAULT 'queued', ALTER COLUMN status SET NOT NULL,
    ALTER COLUMN requested_at SET DEFAULT now(), ALTER COLUMN requested_at SET NOT NULL;
SELECT pg_temp.ensure_check('user_deletions', 'user_deletions_status',
    $$status IN ('queued', 'scheduled', 'executed', 'cancelled', 'held', 'failed')$$);
CREATE UNIQUE INDEX IF NOT EXISTS user_deletions_open ON user_deletions (user_id) WHERE status IN ('queued', 'scheduled', 'held');
CREATE INDEX IF NOT EXISTS user_deletions_due ON user_deletions (scheduled_at, id) WHERE status = 'scheduled';
CREATE INDEX IF NOT EXISTS user_deletions_mail ON user_deletions (next_mail_at, id) WHERE status = 'queued';
CREATE INDEX IF NOT EXISTS user_deletions_user ON user_deletions (user_id, requested_at);

-- Wakes the scheduler when something is due before it would look by itself.
CREATE OR REPLACE FUNCTION chatear_deletions_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM changed
               WHERE (status = 'queued' AND next_mail_at < now() + interval '5 seconds')
                  OR (status = 'scheduled' AND scheduled_at < now() + interval '5 seconds')) THEN
        PERFORM pg_notify('chatear_deletions', '');
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER chatear_deletions_made AFTER INSERT ON user_deletions
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION chatear_deletions_notify();
CREATE OR REPLACE TRIGGER chatear_deletions_changed AFTER UPDATE ON user_deletions
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION chatear_deletions_notify();

-- Every request ever acted on, by its event's key; never purged (rule 1). A producer may use one id for a user.delete and
-- the user.recover that answers it: they are two events.
CREATE TABLE IF NOT EXISTS deletion_requests (event_id text, kind text, PRIMARY KEY (event_id, kind));
ALTER TABLE deletion_requests
    ADD COLUMN IF NOT EXISTS event_id text,
    ADD COLUMN IF NOT EXISTS user_id text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS kind text NOT NULL DEFAULT 'delete',
    ADD COLUMN IF NOT EXISTS generation integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS published_at timestamptz,
    ADD COLUMN IF NOT EXISTS received_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS outcome text NOT NULL DEFAULT 'accepted',
    ADD COLUMN IF NOT EXISTS deletion_id text;
SELECT pg_temp.ensure_key('deletion_requests', '{event_id,kind}');
SELECT pg_temp.ensure_check('deletion_requests', 'deletion_requests_kind', $$kind IN ('delete', 'recover')$$);
CREATE INDEX IF NOT EXISTS deletion_requests_user ON deletion_requests (user_id, kind);

-- SHA-256 of the tokens of recovery links.
CREATE TABLE IF NOT EXISTS recovery_tokens (token_sha256 bytea PRIMARY KEY);
ALTER TABLE recovery_tokens
    ADD COLUMN IF NOT EXISTS token_sha256 bytea,
    ADD COLUMN IF NOT EXISTS deletion_id text NOT NULL,
    ADD COLUMN IF NOT EXISTS created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN IF NOT EXISTS used_at timestamptz;
SELECT pg_temp.ensure_key('recovery_tokens', '{token_sha256}');
CREATE INDEX IF NOT EXISTS recovery_tokens_deletion ON recovery_tokens (deletion_id);

-- The judge of the daily limits (rules 6, 9): a slot of a day is somebody's or nobody's.
CREATE TABLE IF NOT EXISTS daily_slots (kind text, day date, subject text, slot integer, PRIMARY KEY (kind, day, subject, slot));
ALTER TABLE daily_slots
    ADD COLUMN IF NOT EXISTS kind text,
    ADD COLUMN IF NOT EXISTS day date,
    ADD COLUMN IF NOT EXISTS subject text,
    ADD COLUMN IF NOT EXISTS slot integer,
    ADD COLUMN IF NOT EXISTS holder text NOT NULL,
    ADD COLUMN IF NOT EXISTS taken_at timestamptz NOT NULL DEFAULT now();
SELECT pg_temp.ensure_key('daily_slots', '{kind,day,subject,slot}');
SELECT pg_temp.ensure_key('daily_slots', '{kind,day,holder}');
SELECT pg_temp.ensure_check('daily_slots', 'daily_slots_kind', $$kind IN ('execution', 'recovery_mail')$$);
SELECT pg_temp.ensure_check('daily_slots', 'daily_slots_slot', 'slot >= 1');

-- What the whole remembers: executions_stopped (why), dead_letters_seen (sequence), audit_head_told (day).
CREATE TABLE IF NOT EXISTS deletion_state (name text PRIMARY KEY);
ALTER TABLE deletion_state
    ADD COLUMN IF NOT EXISTS name text,
    ADD COLUMN IF NOT EXISTS value text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS updated_at timestamptz NOT NULL DEFAULT now();
SELECT pg_temp.ensure_key('deletion_state', '{name}');

-- Proof that an open deletion needs outlives the ledger's retention.
ALTER TABLE email_sends ADD COLUMN IF NOT EXISTS kept boolean NOT NULL DEFAULT false;

-- What an execution asks for each time: recoveries that are under way (rule 11).
CREATE INDEX IF NOT EXISTS event_ledger_recoveries ON event_ledger (subject)
    WHERE subject = 'user.recover' AND status IN ('working', 'retrying', 'deferred');
CREATE INDEX IF NOT EXISTS outbox_recoveries ON outbox (subject) WHERE subject IN ('user.recover', 'dlq.user.recover');
