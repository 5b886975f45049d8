-- The history of one license is looked up by its key, without reading the whole trail.
CREATE INDEX audit_by_license ON audit (license_key) WHERE license_key IS NOT NULL;
