ALTER TABLE low_confidence DROP COLUMN margin;
