-- An execution sets users.is_deleted (docs: tables): a column that PostgreSQL computes cannot be set. Changes nothing.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_attribute
               WHERE attrelid = 'users'::regclass AND attname = 'is_deleted' AND NOT attisdropped AND attgenerated <> '') THEN
        RAISE EXCEPTION 'column is_deleted of table users is generated, and a deletion sets it to true: make it an ordinary '
            'one (ALTER TABLE users ALTER COLUMN is_deleted DROP EXPRESSION)'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
END $$;
