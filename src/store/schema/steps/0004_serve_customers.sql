-- What is remembered of a license to serve its customer, of refusals and of use; and former texts of API keys.
ALTER TABLE licenses ADD COLUMN note TEXT;
ALTER TABLE licenses ADD COLUMN order_reference TEXT COLLATE NOCASE;
ALTER TABLE licenses ADD COLUMN block_reason TEXT;
ALTER TABLE licenses ADD COLUMN status_before_block TEXT
    CHECK (status_before_block IN ('available', 'assigned', 'reserved'));
CREATE INDEX licenses_by_order ON licenses (order_reference) WHERE order_reference IS NOT NULL;
CREATE INDEX licenses_by_expiry ON licenses ((assigned_at + validity * 86400))
    WHERE validity > 0 AND assigned_at IS NOT NULL;
ALTER TABLE activations ADD COLUMN last_seen_at INTEGER;
ALTER TABLE activations ADD COLUMN last_address TEXT;
CREATE INDEX activations_by_identifier ON activations (identifier);
ALTER TABLE callbacks ADD COLUMN license_id INTEGER;
CREATE TABLE audit_by_license (
    run        INTEGER NOT NULL,
    license_id INTEGER NOT NULL,
    audit_id   INTEGER NOT NULL,
    PRIMARY KEY (run, license_id, audit_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE refusals (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    hour        INTEGER NOT NULL,
    code        INTEGER NOT NULL,
    key_hash    BLOB    NOT NULL,
    identifier  TEXT    NOT NULL COLLATE NOCASE,
    address     TEXT    NOT NULL,
    endpoint    TEXT    NOT NULL,
    api_key_id  INTEGER,
    license_id  INTEGER,
    key_start   TEXT    NOT NULL,
    count       INTEGER NOT NULL,
    first_at    INTEGER NOT NULL,
    last_at     INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX refusals_once ON refusals (hour, code, key_hash, identifier, address);
CREATE INDEX refusals_by_license ON refusals (license_id) WHERE license_id IS NOT NULL;
CREATE TABLE usage_hours (
    hour       INTEGER NOT NULL,
    endpoint   TEXT    NOT NULL,
    code       INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    count      INTEGER NOT NULL,
    PRIMARY KEY (hour, endpoint, code, product_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE former_api_keys (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    api_key_id   INTEGER NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    key_hash     BLOB    NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    prefix       TEXT    NOT NULL,
    valid_until  INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT;
CREATE INDEX former_api_keys_by_key ON former_api_keys (api_key_id);
CREATE TABLE rewritten (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL
) STRICT;
