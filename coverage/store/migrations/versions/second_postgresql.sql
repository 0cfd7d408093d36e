ALTER TABLE "release" ADD COLUMN content_sha256 VARCHAR(64)
-- next
ALTER TABLE "release" ADD COLUMN account_id VARCHAR(32)
-- next
ALTER TABLE "release" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "release" FORCE ROW LEVEL SECURITY
-- next
-- True counts stand in it: for who may see the union alone.
CREATE POLICY sees ON "release" FOR SELECT USING (phusong_sees_all())
-- next
CREATE POLICY writes ON "release" FOR INSERT WITH CHECK (phusong_sees_all())
-- next
-- An analyst is of no partner: what it raised itself is its own.
CREATE FUNCTION phusong_is_analyst(account text) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT coalesce(current_setting('phusong.role', true), '') = 'analyst'
       AND account = nullif(current_setting('phusong.account', true), '') $$
-- next
CREATE POLICY sees_own ON "challenge" FOR SELECT USING (phusong_is_analyst(account_id))
-- next
CREATE POLICY raises ON "challenge" FOR INSERT WITH CHECK (phusong_is_analyst(account_id) AND partner_id IS NULL)
-- next
CREATE POLICY sees_own ON "evidence" FOR SELECT
    USING (EXISTS (SELECT FROM "challenge" c WHERE c.id = challenge_id AND phusong_is_analyst(c.account_id)))
-- next
CREATE POLICY raises ON "evidence" FOR INSERT
    WITH CHECK (partner_id IS NULL
        AND EXISTS (SELECT FROM "challenge" c WHERE c.id = challenge_id AND phusong_is_analyst(c.account_id)))
-- next
CREATE POLICY sees_own ON "verdict" FOR SELECT
    USING (EXISTS (SELECT FROM "challenge" c WHERE c.id = challenge_id AND phusong_is_analyst(c.account_id)))
-- next
CREATE POLICY raises ON "event" FOR INSERT
    WITH CHECK (coalesce(current_setting('phusong.role', true), '') = 'analyst' AND partner_id IS NULL)
