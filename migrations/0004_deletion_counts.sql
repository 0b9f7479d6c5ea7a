-- What a deletion has to know of itself, which mails are kept, and the words of a request's outcome (docs: deletion). Additive.

-- How often it was held: each time is told under an id of its own. The number of its mail that is the notice to a former
-- address; 0 = none.
ALTER TABLE user_deletions
    ADD COLUMN IF NOT EXISTS times_held integer NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS notice_number integer NOT NULL DEFAULT 0;
UPDATE user_deletions SET notice_number = mail_number - 1
WHERE status IN ('queued', 'held') AND address_changes > 0 AND mail_number > 2 AND notice_number = 0;

-- Mails that are kept as proof: housekeeping lets go of those whose deletion has ended.
CREATE INDEX IF NOT EXISTS email_sends_kept ON email_sends (event_id) WHERE kept;

-- A word of somebody else's stands for a request that was acted on: its key changes nothing any more.
ALTER TABLE deletion_requests ALTER COLUMN outcome TYPE text USING outcome::text;
UPDATE deletion_requests SET outcome = 'accepted'
WHERE outcome NOT IN ('accepted', 'pending', 'done_before', 'superseded', 'held', 'nothing', 'too_late', 'rejected');
ALTER TABLE deletion_requests DROP CONSTRAINT IF EXISTS deletion_requests_outcome, ADD CONSTRAINT deletion_requests_outcome CHECK (
    outcome IN ('accepted', 'pending', 'done_before', 'superseded', 'held', 'nothing', 'too_late', 'rejected'));

-- Rows from before us were named by our words when they were adopted.
ALTER TABLE user_deletions VALIDATE CONSTRAINT user_deletions_status;
