-- Owners are compared in Unicode's lower case and composed form, which SQL can't make. The steps' connection has
-- fold_owner for it; from here on, the statements that write an owner write its folded form too.
ALTER TABLE licenses ADD COLUMN owner_name_folded TEXT;
ALTER TABLE licenses ADD COLUMN owner_email_folded TEXT;
UPDATE licenses
SET owner_name_folded = fold_owner(owner_name), owner_email_folded = fold_owner(owner_email)
WHERE owner_name IS NOT NULL OR owner_email IS NOT NULL;
DROP INDEX licenses_by_owner_name;
DROP INDEX licenses_by_owner_email;
CREATE INDEX licenses_by_owner_name ON licenses (owner_name_folded) WHERE owner_name_folded IS NOT NULL;
CREATE INDEX licenses_by_owner_email ON licenses (owner_email_folded) WHERE owner_email_folded IS NOT NULL;
