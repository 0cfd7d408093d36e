-- The first form of the store on PostgreSQL: tables, and rules that let them only grow, and row-level security.
-- Steps are parted by lines that say next.
CREATE TABLE link (
    seq INTEGER NOT NULL,
    at VARCHAR(32) NOT NULL,
    previous VARCHAR(64) NOT NULL,
    hash VARCHAR(64) NOT NULL,
    CONSTRAINT pk_link PRIMARY KEY (seq),
    CONSTRAINT uq_link_hash UNIQUE (hash)
)
-- next
CREATE TABLE partner (
    id VARCHAR(64) NOT NULL,
    at VARCHAR(32) NOT NULL,
    CONSTRAINT pk_partner PRIMARY KEY (id)
)
-- next
CREATE TABLE release (
    seq SERIAL NOT NULL,
    at VARCHAR(32) NOT NULL,
    figure VARCHAR(64) NOT NULL,
    group_key VARCHAR(255) NOT NULL,
    true_count INTEGER NOT NULL,
    event_seq INTEGER NOT NULL,
    CONSTRAINT pk_release PRIMARY KEY (seq),
    CONSTRAINT uq_release_figure UNIQUE (figure, group_key, at)
)
-- next
CREATE TABLE account (
    id VARCHAR(32) NOT NULL,
    at VARCHAR(32) NOT NULL,
    name VARCHAR(128) NOT NULL,
    role VARCHAR(16) NOT NULL,
    partner_id VARCHAR(64),
    event_seq INTEGER NOT NULL,
    CONSTRAINT pk_account PRIMARY KEY (id),
    CONSTRAINT uq_account_name UNIQUE (name),
    CONSTRAINT fk_account_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id)
)
-- next
CREATE TABLE event (
    seq INTEGER NOT NULL,
    at VARCHAR(32) NOT NULL,
    actor VARCHAR(128) NOT NULL,
    partner_id VARCHAR(64),
    action VARCHAR(32) NOT NULL,
    subject VARCHAR(64) NOT NULL,
    detail_json TEXT NOT NULL,
    CONSTRAINT pk_event PRIMARY KEY (seq),
    CONSTRAINT fk_event_seq FOREIGN KEY(seq) REFERENCES link (seq)
)
-- next
CREATE TABLE mapping (
    seq SERIAL NOT NULL,
    partner_id VARCHAR(64) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    at VARCHAR(32) NOT NULL,
    mapping_json TEXT NOT NULL,
    CONSTRAINT pk_mapping PRIMARY KEY (seq),
    CONSTRAINT fk_mapping_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id)
)
-- next
CREATE INDEX ix_mapping_partner_id ON mapping (partner_id)
-- next
CREATE TABLE access_key (
    hash VARCHAR(64) NOT NULL,
    account_id VARCHAR(32) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    label VARCHAR(128) NOT NULL,
    at VARCHAR(32) NOT NULL,
    expires VARCHAR(32) NOT NULL,
    CONSTRAINT pk_access_key PRIMARY KEY (hash),
    CONSTRAINT fk_access_key_account_id FOREIGN KEY(account_id) REFERENCES account (id)
)
-- next
CREATE INDEX ix_access_key_account_id ON access_key (account_id)
-- next
CREATE TABLE attempt (
    seq SERIAL NOT NULL,
    account_id VARCHAR(32) NOT NULL,
    at VARCHAR(32) NOT NULL,
    succeeded INTEGER NOT NULL,
    CONSTRAINT pk_attempt PRIMARY KEY (seq),
    CONSTRAINT fk_attempt_account_id FOREIGN KEY(account_id) REFERENCES account (id)
)
-- next
CREATE INDEX ix_attempt_account_id ON attempt (account_id)
-- next
CREATE TABLE challenge (
    id VARCHAR(32) NOT NULL,
    account_id VARCHAR(32) NOT NULL,
    partner_id VARCHAR(64),
    at VARCHAR(32) NOT NULL,
    ward_id VARCHAR(16),
    measure VARCHAR(64) NOT NULL,
    area_wkt TEXT,
    text TEXT NOT NULL,
    event_seq INTEGER NOT NULL,
    CONSTRAINT pk_challenge PRIMARY KEY (id),
    CONSTRAINT fk_challenge_account_id FOREIGN KEY(account_id) REFERENCES account (id)
)
-- next
CREATE TABLE credential (
    seq SERIAL NOT NULL,
    account_id VARCHAR(32) NOT NULL,
    at VARCHAR(32) NOT NULL,
    hash TEXT NOT NULL,
    must_change INTEGER NOT NULL,
    CONSTRAINT pk_credential PRIMARY KEY (seq),
    CONSTRAINT fk_credential_account_id FOREIGN KEY(account_id) REFERENCES account (id)
)
-- next
CREATE INDEX ix_credential_account_id ON credential (account_id)
-- next
CREATE TABLE submission (
    id VARCHAR(32) NOT NULL,
    partner_id VARCHAR(64) NOT NULL,
    account_id VARCHAR(32) NOT NULL,
    at VARCHAR(32) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    file_name VARCHAR(255) NOT NULL,
    file_sha256 VARCHAR(64) NOT NULL,
    file_bytes BYTEA NOT NULL,
    fields_version VARCHAR(64) NOT NULL,
    mapping_json TEXT NOT NULL,
    summary_json TEXT NOT NULL,
    problems_json TEXT NOT NULL,
    row_count INTEGER NOT NULL,
    rows_sha256 VARCHAR(64) NOT NULL,
    event_seq INTEGER NOT NULL,
    CONSTRAINT pk_submission PRIMARY KEY (id),
    CONSTRAINT fk_submission_partner_id FOREIGN KEY(partner_id) REFERENCES partner (id),
    CONSTRAINT fk_submission_account_id FOREIGN KEY(account_id) REFERENCES account (id)
)
-- next
CREATE INDEX ix_submission_current ON submission (kind, partner_id, at)
-- next
CREATE INDEX ix_submission_partner_id ON submission (partner_id)
-- next
CREATE TABLE decision (
    seq SERIAL NOT NULL,
    submission_id VARCHAR(32) NOT NULL,
    partner_id VARCHAR(64) NOT NULL,
    account_id VARCHAR(32) NOT NULL,
    at VARCHAR(32) NOT NULL,
    action VARCHAR(16) NOT NULL,
    reason TEXT NOT NULL,
    event_seq INTEGER NOT NULL,
    CONSTRAINT pk_decision PRIMARY KEY (seq),
    CONSTRAINT fk_decision_submission_id FOREIGN KEY(submission_id) REFERENCES submission (id),
    CONSTRAINT fk_decision_account_id FOREIGN KEY(account_id) REFERENCES account (id)
)
-- next
CREATE INDEX ix_decision_submission_id ON decision (submission_id)
-- next
CREATE TABLE evidence (
    seq SERIAL NOT NULL,
    challenge_id VARCHAR(32) NOT NULL,
    partner_id VARCHAR(64),
    at VARCHAR(32) NOT NULL,
    file_name VARCHAR(255) NOT NULL,
    file_sha256 VARCHAR(64) NOT NULL,
    file_bytes BYTEA NOT NULL,
    event_seq INTEGER NOT NULL,
    CONSTRAINT pk_evidence PRIMARY KEY (seq),
    CONSTRAINT fk_evidence_challenge_id FOREIGN KEY(challenge_id) REFERENCES challenge (id)
)
-- next
CREATE INDEX ix_evidence_challenge_id ON evidence (challenge_id)
-- next
CREATE TABLE submitted_row (
    submission_id VARCHAR(32) NOT NULL,
    position INTEGER NOT NULL,
    partner_id VARCHAR(64) NOT NULL,
    easting_m DOUBLE PRECISION,
    northing_m DOUBLE PRECISION,
    values_json TEXT NOT NULL,
    CONSTRAINT pk_submitted_row PRIMARY KEY (submission_id, position),
    CONSTRAINT fk_submitted_row_submission_id FOREIGN KEY(submission_id) REFERENCES submission (id)
)
-- next
CREATE TABLE verdict (
    seq SERIAL NOT NULL,
    challenge_id VARCHAR(32) NOT NULL,
    partner_id VARCHAR(64),
    account_id VARCHAR(32) NOT NULL,
    at VARCHAR(32) NOT NULL,
    state VARCHAR(16) NOT NULL,
    text TEXT NOT NULL,
    event_seq INTEGER NOT NULL,
    CONSTRAINT pk_verdict PRIMARY KEY (seq),
    CONSTRAINT fk_verdict_challenge_id FOREIGN KEY(challenge_id) REFERENCES challenge (id),
    CONSTRAINT fk_verdict_account_id FOREIGN KEY(account_id) REFERENCES account (id)
)
-- next
CREATE INDEX ix_verdict_challenge_id ON verdict (challenge_id)
-- next
CREATE TABLE withdrawal (
    hash VARCHAR(64) NOT NULL,
    at VARCHAR(32) NOT NULL,
    CONSTRAINT pk_withdrawal PRIMARY KEY (hash),
    CONSTRAINT fk_withdrawal_hash FOREIGN KEY(hash) REFERENCES access_key (hash)
)
-- next
CREATE FUNCTION phusong_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'append only'; END $$
-- next
CREATE TRIGGER keep_access_key BEFORE UPDATE OR DELETE OR TRUNCATE ON "access_key"
    FOR EACH STATEMENT EXECUTE FUNCTION phusong_append_only()
-- next
CREATE TRIGGER keep_account BEFORE UPDATE OR DELETE OR TRUNCATE ON "account"
    FOR EACH STATEMENT EXECUTE FUNCTION phusong_append_only()
-- next
CREATE TRIGGER keep_attempt BEFORE UPDATE OR DELETE OR TRUNCATE ON "attempt"
    FOR EACH STATEMENT EXECUTE FUNCTION phusong_append_only()
-- next
CREATE TRIGGER keep_challenge BEFORE UPDATE OR DELETE OR TRUNCATE ON "challenge"
    FOR EACH STATEMENT EXECUTE FUNCTION phusong_append_only()
-- next
CREATE TRIGGER keep_credential BEFORE UPDATE OR DELETE OR TRUNCATE ON "credential"
    FOR EACH STATEMENT EXECUTE FUNCTION phusong_append_only()
-- next
CREATE TRIGGER keep_decision BEFORE UPDATE OR DELETE OR TRUNCATE ON "decision"
    FOR EACH STATEMENT EXECUTE FUNCTION phusong_append_only()
-- next
CREATE TRIGGER keep_event BEFORE UPDATE OR DELETE OR TRUNCATE ON "event"
    FOR EACH STATEMENT EXECUTE FUNCTION phusong_append_only()
-- next
CREATE TRIGGER keep_evidence BEFORE UPDATE OR DELETE OR TRUNCATE ON "evidence"
    FOR EACH STATEMENT EXECUTE FUNCTION phusong_append_only()
-- next
CREATE TRIGGER keep_link BEFORE UPDATE OR DELETE OR TRUNCATE ON "link"
    FOR EACH STATEMENT EXECUTE FUNCTION phusong_append_only()
-- next
CREATE TRIGGER keep_mapping BEFORE UPDATE OR DELETE OR TRUNCATE ON "mapping"
    FOR EACH STATEMENT EXECUTE FUNCTION phusong_append_only()
-- next
CREATE TRIGGER keep_partner BEFORE UPDATE OR DELETE OR TRUNCATE ON "partner"
    FOR EACH STATEMENT EXECUTE FUNCTION phusong_append_only()
-- next
CREATE TRIGGER keep_release BEFORE UPDATE OR DELETE OR TRUNCATE ON "release"
    FOR EACH STATEMENT EXECUTE FUNCTION phusong_append_only()
-- next
CREATE TRIGGER keep_submission BEFORE UPDATE OR DELETE OR TRUNCATE ON "submission"
    FOR EACH STATEMENT EXECUTE FUNCTION phusong_append_only()
-- next
CREATE TRIGGER keep_submitted_row BEFORE UPDATE OR DELETE OR TRUNCATE ON "submitted_row"
    FOR EACH STATEMENT EXECUTE FUNCTION phusong_append_only()
-- next
CREATE TRIGGER keep_verdict BEFORE UPDATE OR DELETE OR TRUNCATE ON "verdict"
    FOR EACH STATEMENT EXECUTE FUNCTION phusong_append_only()
-- next
CREATE TRIGGER keep_withdrawal BEFORE UPDATE OR DELETE OR TRUNCATE ON "withdrawal"
    FOR EACH STATEMENT EXECUTE FUNCTION phusong_append_only()
-- next
-- Who acts stands in two settings of the transaction; where nobody is named, nobody sees anything.
CREATE FUNCTION phusong_sees_all() RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT coalesce(current_setting('phusong.role', true), '') IN ('planner', 'admin', 'system') $$
-- next
CREATE FUNCTION phusong_is_partner(owner text) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT coalesce(current_setting('phusong.role', true), '') = 'partner'
       AND owner = nullif(current_setting('phusong.partner', true), '') $$
-- next
ALTER TABLE "submission" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "submission" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY sees ON "submission" FOR SELECT USING (phusong_sees_all() OR phusong_is_partner(partner_id))
-- next
CREATE POLICY writes ON "submission" FOR INSERT WITH CHECK (phusong_is_partner(partner_id))
-- next
ALTER TABLE "submitted_row" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "submitted_row" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY sees ON "submitted_row" FOR SELECT USING (phusong_sees_all() OR phusong_is_partner(partner_id))
-- next
CREATE POLICY writes ON "submitted_row" FOR INSERT WITH CHECK (phusong_is_partner(partner_id))
-- next
ALTER TABLE "mapping" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "mapping" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY sees ON "mapping" FOR SELECT USING (phusong_sees_all() OR phusong_is_partner(partner_id))
-- next
CREATE POLICY writes ON "mapping" FOR INSERT WITH CHECK (phusong_is_partner(partner_id))
-- next
ALTER TABLE "challenge" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "challenge" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY sees ON "challenge" FOR SELECT USING (phusong_sees_all() OR phusong_is_partner(partner_id))
-- next
CREATE POLICY writes ON "challenge" FOR INSERT WITH CHECK (phusong_sees_all() OR phusong_is_partner(partner_id))
-- next
ALTER TABLE "evidence" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "evidence" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY sees ON "evidence" FOR SELECT USING (phusong_sees_all() OR phusong_is_partner(partner_id))
-- next
CREATE POLICY writes ON "evidence" FOR INSERT WITH CHECK (phusong_sees_all() OR phusong_is_partner(partner_id))
-- next
ALTER TABLE "event" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "event" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY sees ON "event" FOR SELECT USING (phusong_sees_all() OR phusong_is_partner(partner_id))
-- next
CREATE POLICY writes ON "event" FOR INSERT
    WITH CHECK (phusong_sees_all() OR phusong_is_partner(partner_id))
-- next
ALTER TABLE "decision" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "decision" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY sees ON "decision" FOR SELECT USING (phusong_sees_all() OR phusong_is_partner(partner_id))
-- next
CREATE POLICY writes ON "decision" FOR INSERT WITH CHECK (phusong_sees_all())
-- next
ALTER TABLE "verdict" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "verdict" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY sees ON "verdict" FOR SELECT USING (phusong_sees_all() OR phusong_is_partner(partner_id))
-- next
CREATE POLICY writes ON "verdict" FOR INSERT WITH CHECK (phusong_sees_all())
-- next
ALTER TABLE "account" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "account" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY sees ON "account" USING (phusong_sees_all()) WITH CHECK (phusong_sees_all())
-- next
ALTER TABLE "credential" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "credential" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY sees ON "credential" USING (phusong_sees_all()) WITH CHECK (phusong_sees_all())
-- next
ALTER TABLE "attempt" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "attempt" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY sees ON "attempt" USING (phusong_sees_all()) WITH CHECK (phusong_sees_all())
-- next
ALTER TABLE "access_key" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "access_key" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY sees ON "access_key" USING (phusong_sees_all()) WITH CHECK (phusong_sees_all())
-- next
ALTER TABLE "withdrawal" ENABLE ROW LEVEL SECURITY
-- next
ALTER TABLE "withdrawal" FORCE ROW LEVEL SECURITY
-- next
CREATE POLICY sees ON "withdrawal" USING (phusong_sees_all()) WITH CHECK (phusong_sees_all())
-- next
-- Places on the map for GIS programs, where PostGIS is installed: the same rows, the same rules.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'postgis') THEN
        ALTER TABLE submitted_row ADD COLUMN place geometry(Point, 5899)
            GENERATED ALWAYS AS (ST_SetSRID(ST_MakePoint(easting_m, northing_m), 5899)) STORED;
        CREATE INDEX ix_submitted_row_place ON submitted_row USING gist (place);
    END IF;
END $$
