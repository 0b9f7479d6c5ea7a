-- When what is personal was blanked after an account's deletion (docs: deletion, HARD_DELETE_AFTER). Additive.
ALTER TABLE user_deletions ADD COLUMN IF NOT EXISTS erased_at timestamptz;

-- What an erasure looks for: it is due by executed_at.
CREATE INDEX IF NOT EXISTS user_deletions_erasure ON user_deletions (executed_at, id)
    WHERE status = 'executed' AND erased_at IS NULL;
