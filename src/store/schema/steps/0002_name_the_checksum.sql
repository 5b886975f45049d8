-- The column holds a checksum; "seal" is no word for that. No row is touched.
ALTER TABLE licenses RENAME COLUMN seal TO checksum;
