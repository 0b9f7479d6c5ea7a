-- What adopted tables of account deletion and the audit log still lacked (docs: tables, audit). Additive.

-- Rows from before the chain are read in the order of their ids' text, page by page (docs: audit).
DO $$
BEGIN
    CREATE INDEX IF NOT EXISTS action_logs_adopted ON action_logs ((id::text) COLLATE "C") WHERE chain_seq IS NULL;
EXCEPTION WHEN invalid_object_definition THEN
    RAISE EXCEPTION 'column id of table action_logs is of type %, whose text depends on settings, so no hash over it '
        'would stay: use a number, a uuid or a text',
        (SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = 'action_logs'::regclass AND attname = 'id')
        USING ERRCODE = 'object_not_in_prerequisite_state';
END $$;

-- All that happened to one deletion, also after its row is gone. It serves what action_logs_proof was for.
CREATE INDEX IF NOT EXISTS action_logs_deletion ON action_logs ((meta ->> 'deletion_id'), chain_seq)
    WHERE meta ->> 'deletion_id' IS NOT NULL;
DROP INDEX IF EXISTS action_logs_proof;

-- Numbers that a table may have had before us, without a value.
UPDATE user_deletions
SET mail_number = coalesce(mail_number, 1), mail_attempts = coalesce(mail_attempts, 0),
    address_changes = coalesce(address_changes, 0)
WHERE mail_number IS NULL OR mail_attempts IS NULL OR address_changes IS NULL;
ALTER TABLE user_deletions
    ALTER COLUMN mail_number SET DEFAULT 1, ALTER COLUMN mail_number SET NOT NULL,
    ALTER COLUMN mail_attempts SET DEFAULT 0, ALTER COLUMN mail_attempts SET NOT NULL,
    ALTER COLUMN address_changes SET DEFAULT 0, ALTER COLUMN address_changes SET NOT NULL;

-- What is queued or scheduled is found by a time: without one it would wait for ever. It only lets a worker look at the
-- row, who judges it by the mail and its proof (deletion, rule 10).
CREATE OR REPLACE FUNCTION chatear_deletions_times() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status = 'queued' THEN
        NEW.next_mail_at := now();
    ELSE
        NEW.scheduled_at := coalesce(NEW.recovery_sent_at + interval '24 hours', now());
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER chatear_deletions_times BEFORE INSERT OR UPDATE ON user_deletions FOR EACH ROW
    WHEN ((NEW.status = 'queued' AND NEW.next_mail_at IS NULL) OR (NEW.status = 'scheduled' AND NEW.scheduled_at IS NULL))
    EXECUTE FUNCTION chatear_deletions_times();
UPDATE user_deletions SET status = status
WHERE (status = 'queued' AND next_mail_at IS NULL) OR (status = 'scheduled' AND scheduled_at IS NULL);

-- Several deletions of one user as the workers write them, one under way at a time.
CREATE OR REPLACE FUNCTION pg_temp.live_through(user_type text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    ending text;
    begun timestamptz;
BEGIN
    EXECUTE format(
        'CREATE TEMP TABLE tried_user ON COMMIT DROP AS
         SELECT coalesce((SELECT user_id FROM user_deletions WHERE user_id IS NOT NULL LIMIT 1), %s) AS id',
        CASE WHEN user_type = 'uuid' THEN 'gen_random_uuid()' ELSE format('%L::%s', '1', user_type) END);
    FOREACH ending IN ARRAY '{cancelled,failed,executed,cancelled,failed,executed,held}'::text[] LOOP
        begun := clock_timestamp();
        INSERT INTO tried_deletions (user_id, status, requested_at, next_mail_at) SELECT id, 'queued', begun, begun FROM tried_user;
        UPDATE tried_deletions
        SET status = 'scheduled', recovery_sent_at = begun, scheduled_at = begun + interval '24 hours', next_mail_at = NULL
        WHERE status = 'queued';
        UPDATE tried_deletions
        SET status = ending, cancelled_at = CASE ending WHEN 'cancelled' THEN clock_timestamp() END,
            executed_at = CASE ending WHEN 'executed' THEN clock_timestamp() END
        WHERE status = 'scheduled';
    END LOOP;
END $$;

-- A unique key of the product's, as over (user_id, status), may forbid what the workers have to write, and a recovery
-- could then not be carried out. Each is tried on a copy.
DO $$
DECLARE
    tried record;
    name text;
BEGIN
    FOR tried IN
        SELECT quote_ident(relname) AS name, 'CREATE UNIQUE INDEX tried' || regexp_replace(
                   substr(pg_get_indexdef(indexrelid), 1 + length('CREATE UNIQUE INDEX ' || quote_ident(relname))),
                   '^ ON .*? USING ', ' ON tried_deletions USING ') AS made
        FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE indrelid = 'user_deletions'::regclass AND indisunique AND indexrelid <> 'user_deletions_open'::regclass
          AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = indrelid AND attname = 'id' AND attnum = ANY (indkey))
    LOOP
        CREATE TEMP TABLE tried_deletions (LIKE user_deletions INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING IDENTITY) ON COMMIT DROP;
        -- They would all be of this transaction's time.
        FOR name IN
            SELECT attname FROM pg_attribute
            WHERE attrelid = 'tried_deletions'::regclass AND atthasdef AND attgenerated = '' AND NOT attisdropped
              AND atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype)
        LOOP
            EXECUTE format('ALTER TABLE tried_deletions ALTER COLUMN %I SET DEFAULT clock_timestamp()', name);
        END LOOP;
        BEGIN
            EXECUTE tried.made;
            PERFORM pg_temp.live_through((SELECT format_type(atttypid, NULL) FROM pg_attribute
                                          WHERE attrelid = 'user_deletions'::regclass AND attname = 'user_id'));
        EXCEPTION WHEN unique_violation THEN
            RAISE EXCEPTION 'the unique key % of table user_deletions forbids a user''s further deletions: drop it, or add '
                'the column id to it', tried.name USING ERRCODE = 'object_not_in_prerequisite_state';
        END;
        DROP TABLE tried_deletions;
        DROP TABLE IF EXISTS tried_user;
    END LOOP;
END $$;
