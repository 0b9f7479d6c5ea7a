-- Ids have room wherever they are written (docs: tables). Additive.

-- Of how many characters the texts of a column's values are at most; of a domain, that which it is over. NULL = any number.
CREATE OR REPLACE FUNCTION pg_temp.most_characters(of regclass, column_name text) RETURNS integer LANGUAGE sql AS $$
    SELECT CASE WHEN base IN ('varchar'::regtype, 'bpchar'::regtype) THEN nullif(modifier, -1) - 4
                WHEN base = 'uuid'::regtype THEN 36
                WHEN base IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype) THEN 20 END
    FROM pg_attribute JOIN pg_type t ON t.oid = atttypid,
         LATERAL (SELECT coalesce(nullif(typbasetype, 0), t.oid) AS base,
                         CASE WHEN typtype = 'd' THEN typtypmod ELSE atttypmod END AS modifier) shape
    WHERE attrelid = of AND attname = column_name AND attnum > 0 AND NOT attisdropped
$$;

-- Takes its length from a char(n) or varchar(n), if it is one. (`character` alone would be one character.)
CREATE OR REPLACE FUNCTION pg_temp.widen(of regclass, column_name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    base regtype := (SELECT coalesce(nullif(typbasetype, 0), t.oid) FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
                     WHERE attrelid = of AND attname = column_name);
BEGIN
    IF base IN ('varchar'::regtype, 'bpchar'::regtype) THEN
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I TYPE %s', of, column_name,
                       CASE WHEN base = 'bpchar'::regtype THEN 'bpchar' ELSE 'varchar' END);
    END IF;
END $$;

DO $$
DECLARE
    accounts integer := pg_temp.most_characters('users', 'id');
    ours integer := pg_temp.most_characters('user_deletions', 'user_id');
    drawn text;
BEGIN
    -- Where users.id is a char(n), user_deletions was made with a user_id of one character.
    IF ours < coalesce(accounts, ours + 1) THEN
        PERFORM pg_temp.widen('user_deletions', 'user_id');
    END IF;
    -- Where an adopted table drew no ids, ours are drawn.
    SELECT pg_get_expr(adbin, adrelid) INTO drawn FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
    WHERE adrelid = 'user_deletions'::regclass AND attname = 'id';
    IF drawn = '(gen_random_uuid())::text' AND pg_temp.most_characters('user_deletions', 'id') < 36 THEN
        PERFORM pg_temp.widen('user_deletions', 'id');
    END IF;
END $$;
