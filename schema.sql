-- The whole data model. A new database is made from this file; an older one is stepped up to it (PRAGMA user_version).
--
-- Conventions: times are Unix seconds, UTC. Ids are never used twice (AUTOINCREMENT), because clients keep them and a license
-- outlives its product. COLLATE NOCASE is ASCII case folding: license keys, identifiers and meta keys are compared that way
-- and kept as they were sent.

-- Who may call the API. The key's text is shown once and is not here.
CREATE TABLE api_keys (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT    NOT NULL,
    key_hash     BLOB    NOT NULL UNIQUE CHECK (length(key_hash) = 32),  -- SHA-256 of the text
    prefix       TEXT    NOT NULL,                                       -- its first characters, for recognition
    capabilities TEXT    NOT NULL,                                       -- endpoint names joined by spaces, or *
    allow_ips    TEXT    NOT NULL,                                       -- networks joined by spaces; empty: any address
    active       INTEGER NOT NULL CHECK (active IN (0, 1)),
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER                                                 -- written now and then, not at each use
) STRICT;

-- What license keys are sold for.
CREATE TABLE products (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    external_reference  TEXT    NOT NULL DEFAULT '',
    source              TEXT    NOT NULL DEFAULT 'internal' CHECK (source IN ('internal', 'envato')),
    name                TEXT    NOT NULL,
    post_url            TEXT    NOT NULL DEFAULT '',
    description         TEXT    NOT NULL,
    status              TEXT    NOT NULL CHECK (status IN ('active', 'inactive')),
    require_non_expired INTEGER NOT NULL DEFAULT 0 CHECK (require_non_expired IN (0, 1)),
    signing_key         TEXT,   -- fingerprint of its own key, kept in keys/product-<id>.pem; NULL: the global key signs
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL
) STRICT;

-- License keys. No foreign key to products: deleting a product leaves its licenses, which then answer 203.
CREATE TABLE licenses (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    product_id       INTEGER NOT NULL,
    license_key      TEXT    NOT NULL COLLATE NOCASE UNIQUE,
    owner_name       TEXT,
    owner_email      TEXT,
    activation_limit INTEGER NOT NULL CHECK (activation_limit >= 0),  -- identifiers active at once; 0: any number
    validity         INTEGER NOT NULL CHECK (validity >= 0),          -- days from assigned_at; 0: for ever
    assigned_at      INTEGER,
    status           TEXT    NOT NULL CHECK (status IN ('available', 'assigned', 'reserved', 'blocked')),
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL
) STRICT;

-- Lists by product and status, and the pool of available keys, in order of id.
CREATE INDEX licenses_by_product ON licenses (product_id, status);

-- The identifiers that a license is assigned to: one row, one seat. Deactivating deletes the row.
CREATE TABLE activations (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    license_id   INTEGER NOT NULL REFERENCES licenses (id) ON DELETE CASCADE,
    identifier   TEXT    NOT NULL COLLATE NOCASE,
    activated_at INTEGER NOT NULL,
    UNIQUE (license_id, identifier)
) STRICT;

-- What vendors keep on a license.
CREATE TABLE license_meta (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    license_id INTEGER NOT NULL REFERENCES licenses (id) ON DELETE CASCADE,
    key        TEXT    NOT NULL COLLATE NOCASE,
    value      TEXT    NOT NULL,  -- the exact text received
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (license_id, key)
) STRICT;

-- Who gets no answer but "Access denied".
CREATE TABLE blocks (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT    NOT NULL CHECK (kind IN ('ip', 'domain', 'identifier')),
    value      TEXT    NOT NULL,  -- in normal form: CIDR, or lower case
    created_at INTEGER NOT NULL,
    UNIQUE (kind, value)
) STRICT;

-- Counts the changes to blocks, so that a server knows by one small read whether the list it holds in memory is the current one.
CREATE TABLE blocklist_revision (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL
) STRICT;
INSERT INTO blocklist_revision (id, revision) VALUES (1, 0);
CREATE TRIGGER blocks_inserted AFTER INSERT ON blocks BEGIN UPDATE blocklist_revision SET revision = revision + 1; END;
CREATE TRIGGER blocks_updated AFTER UPDATE ON blocks BEGIN UPDATE blocklist_revision SET revision = revision + 1; END;
CREATE TRIGGER blocks_deleted AFTER DELETE ON blocks BEGIN UPDATE blocklist_revision SET revision = revision + 1; END;
