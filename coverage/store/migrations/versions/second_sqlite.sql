ALTER TABLE "release" ADD COLUMN content_sha256 VARCHAR(64)
-- next
ALTER TABLE "release" ADD COLUMN account_id VARCHAR(32)
