-- The whole data model. A new database is made from this file; an older one is upgraded to it by the steps in
-- src/store/schema/, whose mod.rs says how to change this file. PRAGMA user_version holds the version.
--
-- Conventions: times are Unix seconds, UTC. Ids are never reused (AUTOINCREMENT), because clients keep them and a
-- license outlives its product. COLLATE NOCASE compares license keys, identifiers, meta keys and owners without regard
-- to ASCII case; they are stored as they were sent.

-- API keys. The text of a key is shown once, when it is made, and not stored.
CREATE TABLE api_keys (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT    NOT NULL,
    key_hash     BLOB    NOT NULL UNIQUE CHECK (length(key_hash) = 32),  -- SHA-256 of the text
    prefix       TEXT    NOT NULL,  -- the first characters of the text, to recognize it by
    capabilities TEXT    NOT NULL,  -- endpoint names separated by spaces, or *
    allow_ips    TEXT    NOT NULL,  -- networks separated by spaces; empty: any address
    active       INTEGER NOT NULL CHECK (active IN (0, 1)),
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER  -- written once a minute, not at each use
) STRICT;

-- The texts that API keys had before they were replaced. Each is accepted like the new one until its end.
CREATE TABLE former_api_keys (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    api_key_id   INTEGER NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    key_hash     BLOB    NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    prefix       TEXT    NOT NULL,
    valid_until  INTEGER NOT NULL,  -- refused from this second on
    last_used_at INTEGER            -- since it was replaced
) STRICT;
CREATE INDEX former_api_keys_by_key ON former_api_keys (api_key_id);

-- Products, for which license keys are sold.
CREATE TABLE products (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid                TEXT    NOT NULL COLLATE NOCASE UNIQUE,  -- the id that newer clients send
    slug                TEXT    COLLATE NOCASE UNIQUE,           -- name in URLs; NULL: none
    external_reference  TEXT    NOT NULL DEFAULT '',
    source              TEXT    NOT NULL DEFAULT 'internal' CHECK (source IN ('internal', 'envato')),
    name                TEXT    NOT NULL,
    post_url            TEXT    NOT NULL DEFAULT '',
    description         TEXT    NOT NULL,
    status              TEXT    NOT NULL CHECK (status IN ('active', 'inactive')),
    require_non_expired INTEGER NOT NULL DEFAULT 0 CHECK (require_non_expired IN (0, 1)),
    changelog_enabled   INTEGER NOT NULL DEFAULT 0 CHECK (changelog_enabled IN (0, 1)),  -- anyone may read it
    features            TEXT    NOT NULL DEFAULT '[]',  -- JSON, as newer clients send it
    signing_key         TEXT,   -- fingerprint of its own key in keys/product-<id>.pem; NULL: the global key signs
    public_key          TEXT,   -- public half of its own key, PEM
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL
) STRICT;

-- The public halves of all signing keys, for clients to fetch. They must know the next key before it signs, and may
-- need a former one to verify an earlier answer.
CREATE TABLE published_keys (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    product_id   INTEGER REFERENCES products (id) ON DELETE CASCADE,  -- NULL: the global key
    state        TEXT    NOT NULL CHECK (state IN ('next', 'current', 'former')),
    fingerprint  TEXT    NOT NULL,
    public_key   TEXT    NOT NULL,  -- PEM
    active_from  INTEGER,           -- when it began to sign; NULL: not yet
    active_until INTEGER,           -- when it ceased to sign
    created_at   INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX published_keys_once ON published_keys (coalesce(product_id, 0), fingerprint);
-- At most one next and one current key for each product and for the global key; any number of former ones.
CREATE UNIQUE INDEX published_keys_by_state ON published_keys (coalesce(product_id, 0), state) WHERE state <> 'former';

-- Metadata of products: entries that the vendor writes and reads.
CREATE TABLE product_meta (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    key        TEXT    NOT NULL COLLATE NOCASE,
    value      TEXT    NOT NULL,  -- exactly as it was sent
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (product_id, key)
) STRICT;

-- Generators: the patterns by which license keys of a product are made. The command line makes them; the API lists and
-- uses them.
CREATE TABLE generators (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid             TEXT    NOT NULL COLLATE NOCASE UNIQUE,
    product_id       INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    method           TEXT    NOT NULL CHECK (method IN ('uuid', 'chunk-system', 'custom')),
    prefix           TEXT    NOT NULL,
    suffix           TEXT    NOT NULL,
    function_name    TEXT    NOT NULL,  -- for 'custom', the template; the v1 API calls it so
    number_of_chunks INTEGER NOT NULL,
    chunk_length     INTEGER NOT NULL,
    activation_limit INTEGER NOT NULL CHECK (activation_limit >= 0),  -- of the keys that it makes
    validity         INTEGER NOT NULL CHECK (validity >= 0),
    active           INTEGER NOT NULL CHECK (active IN (0, 1)),
    charset          TEXT    NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX generators_by_product ON generators (product_id);

-- Contracts: a reseller's right to make license keys of a product, up to a number.
CREATE TABLE contracts (
    id                    INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid                  TEXT    NOT NULL COLLATE NOCASE UNIQUE,
    name                  TEXT    NOT NULL,
    information           TEXT    NOT NULL,
    contract_key          TEXT    NOT NULL UNIQUE,  -- the reseller's credential; lists show it, so it is stored as text
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

-- Versions of a product that customers may download.
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
    file_name        TEXT    NOT NULL,  -- the name under which a browser saves it
    file_sha256      TEXT    NOT NULL,  -- its place: downloads/<sha256>
    file_size        INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    UNIQUE (product_id, numeric_version)
) STRICT;

-- Licenses. No foreign key to products: the licenses of a deleted product stay, and are answered with 203.
CREATE TABLE licenses (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    product_id       INTEGER NOT NULL,
    license_key      TEXT    NOT NULL COLLATE NOCASE UNIQUE,
    owner_name       TEXT    COLLATE NOCASE,
    owner_email      TEXT    COLLATE NOCASE,
    activation_limit INTEGER NOT NULL CHECK (activation_limit >= 0),  -- activations at once; 0: any number
    validity         INTEGER NOT NULL CHECK (validity >= 0),          -- days from assigned_at; 0: no end
    assigned_at      INTEGER,
    status           TEXT    NOT NULL CHECK (status IN ('available', 'assigned', 'reserved', 'blocked')),
    contract_id      INTEGER REFERENCES contracts (id) ON DELETE SET NULL,  -- then it is not in the pool
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    -- Checksum of the numbers that decide whether a license is valid. SQLite computes it at each write, and each read
    -- compares it: a damaged number is an error, not a wrong answer. The modulus is a prime larger than 255, so that
    -- changing one byte always changes the sum.
    checksum         INTEGER NOT NULL GENERATED ALWAYS AS (
        product_id % 1000003 + activation_limit % 1000003 * 3 + validity % 1000003 * 7
        + coalesce(assigned_at, -1) % 1000003 * 31
    ) STORED,
    -- The owner as it is searched for: in Unicode's lower case, composed. The program writes it with the owner.
    owner_name_folded  TEXT,
    owner_email_folded TEXT,
    note                TEXT,  -- the vendor's own, about the customer
    order_reference     TEXT COLLATE NOCASE,  -- the number of the order in the vendor's shop
    block_reason        TEXT,
    status_before_block TEXT CHECK (status_before_block IN ('available', 'assigned', 'reserved'))
) STRICT;

-- For lists by product, by status, by both and by owner, in order of id: a page far down a long list skips entries of
-- an index, not rows of the table.
CREATE INDEX licenses_by_product ON licenses (product_id, status);
CREATE INDEX licenses_by_product_alone ON licenses (product_id);
CREATE INDEX licenses_by_status ON licenses (status);
CREATE INDEX licenses_by_owner_name ON licenses (owner_name_folded) WHERE owner_name_folded IS NOT NULL;
CREATE INDEX licenses_by_owner_email ON licenses (owner_email_folded) WHERE owner_email_folded IS NOT NULL;
-- The pool: the licenses that random assignment chooses from and that are counted as available. The columns of the
-- condition are indexed too; without them SQLite prefers licenses_by_product and reads each row for its contract.
CREATE INDEX licenses_in_pool ON licenses (product_id, status, contract_id)
    WHERE status = 'available' AND contract_id IS NULL;
CREATE INDEX licenses_by_contract ON licenses (contract_id) WHERE contract_id IS NOT NULL;
CREATE INDEX licenses_by_order ON licenses (order_reference) WHERE order_reference IS NOT NULL;
-- For lists of the licenses that expire in a period.
CREATE INDEX licenses_by_expiry ON licenses ((assigned_at + validity * 86400))
    WHERE validity > 0 AND assigned_at IS NOT NULL;

-- Activations: the identifiers on which a license is active. Deactivating one deletes its row.
CREATE TABLE activations (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    license_id   INTEGER NOT NULL REFERENCES licenses (id) ON DELETE CASCADE,
    identifier   TEXT    NOT NULL COLLATE NOCASE,
    address      TEXT,  -- from which it was activated; NULL: the command line
    post_url     TEXT,  -- the URL of the webhook when anyone but its client ends it
    activated_at INTEGER NOT NULL,
    -- The last time and address at which a request passed the license gate on this identifier. Written later than the
    -- request, and at most once an hour.
    last_seen_at INTEGER,
    last_address TEXT,
    UNIQUE (license_id, identifier)
) STRICT;

-- For searches by identifier.
CREATE INDEX activations_by_identifier ON activations (identifier);

-- Metadata of licenses: entries that clients and the vendor write and read.
CREATE TABLE license_meta (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    license_id INTEGER NOT NULL REFERENCES licenses (id) ON DELETE CASCADE,
    key        TEXT    NOT NULL COLLATE NOCASE,
    value      TEXT    NOT NULL,  -- exactly as it was sent
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (license_id, key)
) STRICT;

-- Blocked addresses, domains and identifiers: every request from one is answered "Access denied".
CREATE TABLE blocks (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT    NOT NULL CHECK (kind IN ('ip', 'domain', 'identifier')),
    value      TEXT    NOT NULL,  -- normalized: a network in CIDR notation, or lower case
    created_at INTEGER NOT NULL,
    UNIQUE (kind, value)
) STRICT;

-- A counter of the changes to blocks: by this one row a server knows whether the list in its memory is current.
CREATE TABLE blocklist_revision (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL
) STRICT;
INSERT INTO blocklist_revision (id, revision) VALUES (1, 0);
CREATE TRIGGER blocks_inserted AFTER INSERT ON blocks BEGIN UPDATE blocklist_revision SET revision = revision + 1; END;
CREATE TRIGGER blocks_updated AFTER UPDATE ON blocks BEGIN UPDATE blocklist_revision SET revision = revision + 1; END;
CREATE TRIGGER blocks_deleted AFTER DELETE ON blocks BEGIN UPDATE blocklist_revision SET revision = revision + 1; END;

-- Telemetry: what products report about their use. A malformed report is stored too; the flags say what is wrong.
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
    extra                  TEXT    NOT NULL,  -- JSON: hwid, country, flags, metadata, as newer clients send them
    is_correct_format      INTEGER NOT NULL CHECK (is_correct_format IN (0, 1)),
    license_key_exists     INTEGER NOT NULL CHECK (license_key_exists IN (0, 1)),
    product_exists         INTEGER NOT NULL CHECK (product_exists IN (0, 1)),
    product_version_exists INTEGER NOT NULL CHECK (product_version_exists IN (0, 1)),
    has_red_flags          INTEGER NOT NULL CHECK (has_red_flags IN (0, 1)),
    created_at             INTEGER NOT NULL
) STRICT;
CREATE INDEX telemetry_by_group ON telemetry (data_type, data_group);

-- Queued random assignments. The transaction that carries one out deletes its row.
CREATE TABLE jobs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    api_key_id  INTEGER NOT NULL,
    params      TEXT    NOT NULL,  -- JSON: the fields of the request
    fingerprint BLOB    NOT NULL,  -- a hash of the request, to recognize a repeated one
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX jobs_by_fingerprint ON jobs (fingerprint);

-- Random assignments that were carried out in the last minutes: a repeated request is not carried out again.
CREATE TABLE finished_jobs (
    fingerprint BLOB    PRIMARY KEY,
    finished_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX finished_jobs_by_age ON finished_jobs (finished_at);

-- Webhooks: messages to other servers about queued assignments and ended activations. Kept after delivery, as a record.
CREATE TABLE callbacks (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    url          TEXT    NOT NULL,  -- exactly as it was sent
    target       TEXT    NOT NULL,  -- host and port; one message at a time is sent to each
    reply        TEXT    NOT NULL,  -- the text that is signed
    product_id   INTEGER,           -- the product whose key signs; NULL: the global key
    kind         TEXT    NOT NULL CHECK (kind IN ('assignment', 'deactivation')),
    body         TEXT,              -- the bytes to send, the same at every attempt; NULL until they are signed
    state        TEXT    NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts     INTEGER NOT NULL DEFAULT 0,
    next_attempt INTEGER NOT NULL,
    last_error   TEXT,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    license_id   INTEGER  -- the license whose activation ended; NULL for assignments
) STRICT;
-- For the next message that is due, and for those that failed.
CREATE INDEX callbacks_by_state ON callbacks (state, next_attempt, target);

-- Answers to requests with an Idempotency-Key: a repeated request gets the same bytes. Kept for a day.
CREATE TABLE idempotency (
    api_key_id      INTEGER NOT NULL,
    route           TEXT    NOT NULL,
    idempotency_key TEXT    NOT NULL,
    params_hash     BLOB    NOT NULL,  -- the same key with other fields is another request
    code            INTEGER NOT NULL,
    response        TEXT    NOT NULL,  -- the text that is signed; the signature is made again, and is the same
    signing_product INTEGER,           -- the product whose key signed it; NULL: the global key
    signing_key     TEXT,              -- the fingerprint of that key
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (api_key_id, route, idempotency_key, params_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- The audit trail: an entry for each change, written in its transaction. No entry is ever changed, except that erasing a
-- customer overwrites what it tells of him. The server deletes the oldest ones by age and size, and the operator may
-- prune them. There is no index on it: one by license would cost an activation a third of its rate. See
-- audit_by_license.
CREATE TABLE audit (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    who         TEXT    NOT NULL CHECK (who IN ('api_key', 'contract', 'command_line')),
    who_id      INTEGER,
    address     TEXT,               -- the client's; NULL: the command line
    action      TEXT    NOT NULL,   -- the endpoint's path, or the words of the command
    change      TEXT    NOT NULL,
    subject     TEXT,               -- what was changed: a noun and its id; NULL: many at once
    subject_id  INTEGER,
    license_key TEXT    COLLATE NOCASE,  -- of a license, which may be deleted by now
    detail      TEXT
) STRICT;

-- The audit trail by license. The server adds entries later, in runs of 10,000 ids, and may be behind; entries with a
-- higher id than its runs are read from the trail itself. A row with license 0 marks each indexed run.
CREATE TABLE audit_by_license (
    run        INTEGER NOT NULL,  -- audit.id / 10000
    license_id INTEGER NOT NULL,
    audit_id   INTEGER NOT NULL,
    PRIMARY KEY (run, license_id, audit_id)
) STRICT, WITHOUT ROWID;

-- Requests of customers that the license gate refused. The same refusal within an hour is one row with a count. Kept in
-- memory for up to a second before it is written, so a crash may lose the last ones.
CREATE TABLE refusals (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    hour        INTEGER NOT NULL,  -- of the first refusal, in hours since 1970
    code        INTEGER NOT NULL,
    key_hash    BLOB    NOT NULL,  -- SHA-256 of the license key that was sent, in lower case
    identifier  TEXT    NOT NULL COLLATE NOCASE,  -- '': none was sent
    address     TEXT    NOT NULL,
    endpoint    TEXT    NOT NULL,
    api_key_id  INTEGER,
    license_id  INTEGER,           -- NULL: no license has the key
    key_start   TEXT    NOT NULL,  -- the first characters of an unknown key; never a whole one
    count       INTEGER NOT NULL,
    first_at    INTEGER NOT NULL,
    last_at     INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX refusals_once ON refusals (hour, code, key_hash, identifier, address);
CREATE INDEX refusals_by_license ON refusals (license_id) WHERE license_id IS NOT NULL;

-- The number of answers in each hour, by endpoint, code and product.
CREATE TABLE usage_hours (
    hour       INTEGER NOT NULL,  -- in hours since 1970
    endpoint   TEXT    NOT NULL,
    code       INTEGER NOT NULL,
    product_id INTEGER NOT NULL,  -- 0: no product was found
    count      INTEGER NOT NULL,
    PRIMARY KEY (hour, endpoint, code, product_id)
) STRICT, WITHOUT ROWID;

-- Its row is there if all that was ever deleted from this file was overwritten (PRAGMA secure_delete): by a database that
-- was made so, or by rewriting the whole file. An upgraded database has none until then.
CREATE TABLE rewritten (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at INTEGER NOT NULL  -- 0: it was made so; -1: an erasure began and did not end, so it must be rewritten
) STRICT;
INSERT INTO rewritten (id, at) VALUES (1, 0);
