-- The whole data model. A new database is made from this file; an older one is stepped up to it (PRAGMA user_version).
--
-- Conventions: times are Unix seconds, UTC. Ids are never used twice (AUTOINCREMENT), because clients keep them and a license
-- outlives its product. COLLATE NOCASE is ASCII case folding: license keys, identifiers, meta keys and owners are compared that way
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
    uuid                TEXT    NOT NULL COLLATE NOCASE UNIQUE,  -- the id that newer clients send
    slug                TEXT    COLLATE NOCASE UNIQUE,           -- its name in URLs; NULL: it has none
    external_reference  TEXT    NOT NULL DEFAULT '',
    source              TEXT    NOT NULL DEFAULT 'internal' CHECK (source IN ('internal', 'envato')),
    name                TEXT    NOT NULL,
    post_url            TEXT    NOT NULL DEFAULT '',
    description         TEXT    NOT NULL,
    status              TEXT    NOT NULL CHECK (status IN ('active', 'inactive')),
    require_non_expired INTEGER NOT NULL DEFAULT 0 CHECK (require_non_expired IN (0, 1)),
    changelog_enabled   INTEGER NOT NULL DEFAULT 0 CHECK (changelog_enabled IN (0, 1)),  -- anyone may read its changelog
    features            TEXT    NOT NULL DEFAULT '[]',  -- JSON, as newer clients sent it
    signing_key         TEXT,   -- fingerprint of its own key, kept in keys/product-<id>.pem; NULL: the global key signs
    public_key          TEXT,   -- the public half of its own key, as PEM, for clients that ask for it
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL
) STRICT;

-- The public halves of all signing keys, for clients to fetch: they must know the next key before it signs, and may need a former one.
CREATE TABLE published_keys (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    product_id   INTEGER REFERENCES products (id) ON DELETE CASCADE,  -- whose key it is; NULL: the global one
    state        TEXT    NOT NULL CHECK (state IN ('next', 'current', 'former')),
    fingerprint  TEXT    NOT NULL,
    public_key   TEXT    NOT NULL,  -- PEM
    active_from  INTEGER,           -- since when it signs; NULL: not yet
    active_until INTEGER,           -- when it ceased to
    created_at   INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX published_keys_once ON published_keys (coalesce(product_id, 0), fingerprint);
-- One next key and one current one each, and any number of former ones.
CREATE UNIQUE INDEX published_keys_by_state ON published_keys (coalesce(product_id, 0), state) WHERE state <> 'former';

-- What vendors keep on a product.
CREATE TABLE product_meta (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    key        TEXT    NOT NULL COLLATE NOCASE,
    value      TEXT    NOT NULL,  -- the exact text received
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (product_id, key)
) STRICT;

-- How new license keys of a product are made. Made by the command line; the API lists them and generates with them.
CREATE TABLE generators (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid             TEXT    NOT NULL COLLATE NOCASE UNIQUE,
    product_id       INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    method           TEXT    NOT NULL CHECK (method IN ('uuid', 'chunk-system', 'custom')),
    prefix           TEXT    NOT NULL,
    suffix           TEXT    NOT NULL,
    function_name    TEXT    NOT NULL,  -- custom: the template; the API calls it by the name of what it replaces
    number_of_chunks INTEGER NOT NULL,
    chunk_length     INTEGER NOT NULL,
    activation_limit INTEGER NOT NULL CHECK (activation_limit >= 0),  -- of the keys it makes
    validity         INTEGER NOT NULL CHECK (validity >= 0),
    active           INTEGER NOT NULL CHECK (active IN (0, 1)),
    charset          TEXT    NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX generators_by_product ON generators (product_id);

-- The right of somebody else to make license keys of a product, up to a number.
CREATE TABLE contracts (
    id                    INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid                  TEXT    NOT NULL COLLATE NOCASE UNIQUE,
    name                  TEXT    NOT NULL,
    information           TEXT    NOT NULL,
    contract_key          TEXT    NOT NULL UNIQUE,  -- also its owner's credential; must be shown in lists, so it is kept as it is
    license_keys_quantity INTEGER NOT NULL CHECK (license_keys_quantity >= 1),
    product_id            INTEGER NOT NULL,
    can_get_info          INTEGER NOT NULL CHECK (can_get_info IN (0, 1)),
    can_generate          INTEGER NOT NULL CHECK (can_generate IN (0, 1)),
    can_destroy           INTEGER NOT NULL CHECK (can_destroy IN (0, 1)),
    can_destroy_all       INTEGER NOT NULL CHECK (can_destroy_all IN (0, 1)),
    status                TEXT    NOT NULL CHECK (status IN ('active', 'inactive')),
    created_at            INTEGER NOT NULL,
    updated_at            INTEGER NOT NULL
) STRICT;

-- Versions of a product that its customers may download.
CREATE TABLE downloadables (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    product_id       INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    numeric_version  INTEGER NOT NULL,
    version          TEXT    NOT NULL,
    update_summary   TEXT    NOT NULL,
    changelog        TEXT    NOT NULL,
    published        INTEGER NOT NULL CHECK (published IN (0, 1)),
    release_date     INTEGER NOT NULL,
    download_counter INTEGER NOT NULL DEFAULT 0,
    file_name        TEXT    NOT NULL,  -- what the customer's browser calls it
    file_sha256      TEXT    NOT NULL,  -- where it is: downloads/<sha256>
    file_size        INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    UNIQUE (product_id, numeric_version)
) STRICT;

-- License keys. No foreign key to products: deleting a product leaves its licenses, which then answer 203.
CREATE TABLE licenses (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    product_id       INTEGER NOT NULL,
    license_key      TEXT    NOT NULL COLLATE NOCASE UNIQUE,
    owner_name       TEXT    COLLATE NOCASE,
    owner_email      TEXT    COLLATE NOCASE,
    activation_limit INTEGER NOT NULL CHECK (activation_limit >= 0),  -- identifiers active at once; 0: any number
    validity         INTEGER NOT NULL CHECK (validity >= 0),          -- days from assigned_at; 0: for ever
    assigned_at      INTEGER,
    status           TEXT    NOT NULL CHECK (status IN ('available', 'assigned', 'reserved', 'blocked')),
    contract_id      INTEGER REFERENCES contracts (id) ON DELETE SET NULL,  -- made under it; then in no pool of its product
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    -- A checksum of the numbers that verdicts follow from, made by SQLite at each write and compared at each read: a flipped byte in one of
    -- them is an error and no verdict. The prime is larger than a byte and odd, so that no change of one byte gives the same sum.
    seal             INTEGER NOT NULL GENERATED ALWAYS AS (
        product_id % 1000003 + activation_limit % 1000003 * 3 + validity % 1000003 * 7 + coalesce(assigned_at, -1) % 1000003 * 31
    ) STORED
) STRICT;

-- Lists by product, by status, by both and by owner, each in order of id: a page deep in a long list steps over an index, not over rows.
CREATE INDEX licenses_by_product ON licenses (product_id, status);
CREATE INDEX licenses_by_product_alone ON licenses (product_id);
CREATE INDEX licenses_by_status ON licenses (status);
CREATE INDEX licenses_by_owner_name ON licenses (owner_name) WHERE owner_name IS NOT NULL;
CREATE INDEX licenses_by_owner_email ON licenses (owner_email) WHERE owner_email IS NOT NULL;
-- The pool: what random assignment draws from, and what is counted as available. Its condition is repeated in its columns, or SQLite
-- would rather take licenses_by_product and read each row for its contract.
CREATE INDEX licenses_in_pool ON licenses (product_id, status, contract_id) WHERE status = 'available' AND contract_id IS NULL;
CREATE INDEX licenses_by_contract ON licenses (contract_id) WHERE contract_id IS NOT NULL;

-- The identifiers that a license is assigned to: one row, one seat. Deactivating deletes the row.
CREATE TABLE activations (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    license_id   INTEGER NOT NULL REFERENCES licenses (id) ON DELETE CASCADE,
    identifier   TEXT    NOT NULL COLLATE NOCASE,
    address      TEXT,  -- the caller's, when it was activated; NULL: the command line
    post_url     TEXT,  -- told when the activation ends otherwise than by its own client
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

-- What products report about their use. Always kept, also when malformed: flags say what is wrong with it.
CREATE TABLE telemetry (
    id                     INTEGER PRIMARY KEY AUTOINCREMENT,
    user_identifier        TEXT    NOT NULL,
    license_key            TEXT    NOT NULL,
    activation_identifier  TEXT    NOT NULL,
    product_id             INTEGER NOT NULL,  -- 0: none was sent
    product_version        TEXT    NOT NULL,
    data_type              TEXT    NOT NULL,
    data_group             TEXT    NOT NULL,
    data                   TEXT    NOT NULL,
    extra                  TEXT    NOT NULL,  -- JSON: hwid, country, flags, metadata, where newer clients sent them
    is_correct_format      INTEGER NOT NULL CHECK (is_correct_format IN (0, 1)),
    license_key_exists     INTEGER NOT NULL CHECK (license_key_exists IN (0, 1)),
    product_exists         INTEGER NOT NULL CHECK (product_exists IN (0, 1)),
    product_version_exists INTEGER NOT NULL CHECK (product_version_exists IN (0, 1)),
    has_red_flags          INTEGER NOT NULL CHECK (has_red_flags IN (0, 1)),
    created_at             INTEGER NOT NULL
) STRICT;
CREATE INDEX telemetry_by_group ON telemetry (data_type, data_group);

-- Queued random assignments. The row is deleted by the transaction that carries it out.
CREATE TABLE jobs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    api_key_id  INTEGER NOT NULL,
    params      TEXT    NOT NULL,  -- JSON: the fields of the request
    fingerprint BLOB    NOT NULL,  -- tells a repeated request from a new one
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_by_fingerprint ON jobs (fingerprint);

-- What was carried out in the last minutes: a request that is repeated asks for nothing new, whether or not it has a callback.
CREATE TABLE finished_jobs (
    fingerprint BLOB    PRIMARY KEY,
    finished_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX finished_jobs_by_age ON finished_jobs (finished_at);

-- Messages to other servers: results of queued assignments, and activations that ended. Kept after delivery, as a record.
CREATE TABLE callbacks (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    url          TEXT    NOT NULL,  -- exactly as it was given
    target       TEXT    NOT NULL,  -- its host and port: one message at a time goes to each
    reply        TEXT    NOT NULL,  -- the signed text, as it was written once
    product_id   INTEGER,           -- whose key signs; NULL: the global one
    kind         TEXT    NOT NULL CHECK (kind IN ('assignment', 'deactivation')),
    body         TEXT,              -- the bytes to send; NULL until they are signed, the same for every attempt
    state        TEXT    NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts     INTEGER NOT NULL DEFAULT 0,
    next_attempt INTEGER NOT NULL,
    last_error   TEXT,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT;
-- What is due, to whom; and whether anything has failed.
CREATE INDEX callbacks_by_state ON callbacks (state, next_attempt, target);

-- Answers that are given again, byte for byte, to a request that comes again with the same Idempotency-Key. Kept for a day.
CREATE TABLE idempotency (
    api_key_id      INTEGER NOT NULL,
    route           TEXT    NOT NULL,
    idempotency_key TEXT    NOT NULL,
    params_hash     BLOB    NOT NULL,  -- another payload under the same key is another request
    code            INTEGER NOT NULL,
    response        TEXT    NOT NULL,  -- the signed text; signatures are deterministic, so they need not be kept
    signing_product INTEGER,           -- whose key signed it, and which key that was; NULL: the global one
    signing_key     TEXT,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (api_key_id, route, idempotency_key, params_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- Who changed what: an entry for each change, in its transaction. Only ever added to, at the end, so that it costs a change next to
-- nothing; that is why it has no index. Pruned when the operator says so.
CREATE TABLE audit (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    who         TEXT    NOT NULL CHECK (who IN ('api_key', 'contract', 'command_line')),
    who_id      INTEGER,
    address     TEXT,               -- where a request came from
    action      TEXT    NOT NULL,   -- the endpoint's path, or the command's words
    change      TEXT    NOT NULL,
    subject     TEXT,               -- the noun that was changed, and its id; NULL: many at once
    subject_id  INTEGER,
    license_key TEXT    COLLATE NOCASE,  -- a license's, which may be gone by now
    detail      TEXT
) STRICT;
