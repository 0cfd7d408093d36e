-- The first form of the store on SQLite: tables, and rules that let them only grow.
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
    seq INTEGER NOT NULL,
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
    seq INTEGER NOT NULL,
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
    seq INTEGER NOT NULL,
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
    seq INTEGER NOT NULL,
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
    file_bytes BLOB NOT NULL,
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
    seq INTEGER NOT NULL,
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
    seq INTEGER NOT NULL,
    challenge_id VARCHAR(32) NOT NULL,
    partner_id VARCHAR(64),
    at VARCHAR(32) NOT NULL,
    file_name VARCHAR(255) NOT NULL,
    file_sha256 VARCHAR(64) NOT NULL,
    file_bytes BLOB NOT NULL,
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
    easting_m DOUBLE,
    northing_m DOUBLE,
    values_json TEXT NOT NULL,
    CONSTRAINT pk_submitted_row PRIMARY KEY (submission_id, position),
    CONSTRAINT fk_submitted_row_submission_id FOREIGN KEY(submission_id) REFERENCES submission (id)
)
-- next
CREATE TABLE verdict (
    seq INTEGER NOT NULL,
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
CREATE TRIGGER keep_access_key_update BEFORE UPDATE ON "access_key"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_access_key_delete BEFORE DELETE ON "access_key"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_account_update BEFORE UPDATE ON "account"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_account_delete BEFORE DELETE ON "account"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_attempt_update BEFORE UPDATE ON "attempt"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_attempt_delete BEFORE DELETE ON "attempt"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_challenge_update BEFORE UPDATE ON "challenge"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_challenge_delete BEFORE DELETE ON "challenge"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_credential_update BEFORE UPDATE ON "credential"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_credential_delete BEFORE DELETE ON "credential"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_decision_update BEFORE UPDATE ON "decision"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_decision_delete BEFORE DELETE ON "decision"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_event_update BEFORE UPDATE ON "event"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_event_delete BEFORE DELETE ON "event"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_evidence_update BEFORE UPDATE ON "evidence"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_evidence_delete BEFORE DELETE ON "evidence"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_link_update BEFORE UPDATE ON "link"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_link_delete BEFORE DELETE ON "link"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_mapping_update BEFORE UPDATE ON "mapping"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_mapping_delete BEFORE DELETE ON "mapping"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_partner_update BEFORE UPDATE ON "partner"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_partner_delete BEFORE DELETE ON "partner"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_release_update BEFORE UPDATE ON "release"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_release_delete BEFORE DELETE ON "release"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_submission_update BEFORE UPDATE ON "submission"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_submission_delete BEFORE DELETE ON "submission"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_submitted_row_update BEFORE UPDATE ON "submitted_row"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_submitted_row_delete BEFORE DELETE ON "submitted_row"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_verdict_update BEFORE UPDATE ON "verdict"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_verdict_delete BEFORE DELETE ON "verdict"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_withdrawal_update BEFORE UPDATE ON "withdrawal"
BEGIN SELECT RAISE(ABORT, 'append only'); END
-- next
CREATE TRIGGER keep_withdrawal_delete BEFORE DELETE ON "withdrawal"
BEGIN SELECT RAISE(ABORT, 'append only'); END
