//! A PostgreSQL engine, for tests only: starts a server in a temporary directory, and runs the statements of `nouns/`
//! on it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::error::Error as StdError;
use std::ops::ControlFlow;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use postgres::fallible_iterator::FallibleIterator as _;
use postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, NoTls};
use tempfile::TempDir;

use super::schema::schema;
use crate::store::Error;
use crate::store::dialect::Dialect;
use crate::store::sql::{Columns, Engine, OnRow, Row, Text, ToValue, Value};

/// The parts of SQL that PostgreSQL writes in its own way.
const POSTGRESQL: Dialect = Dialect {
    equal_ignoring_case: |column, value| format!("lower({column}) = lower({value})"),
    lock_rows: " FOR UPDATE",
    create_noted_keys:
        "CREATE TEMPORARY TABLE noted_keys (license_key CITEXT PRIMARY KEY, line BIGINT NOT NULL)
                        ON COMMIT DROP",
    defer_foreign_keys: "SET CONSTRAINTS ALL DEFERRED",
    expect_large_change: "SET LOCAL work_mem = '64MB'",
};

/// A running server. It is stopped and removed when this is dropped.
pub struct Server {
    process: Child,
    directory: TempDir,
}

impl Server {
    /// Starts a server; `None` if PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        let programs = programs()?;
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let run = |program: &str| {
            let mut command = Command::new(programs.join(program));
            // PostgreSQL refuses to run as root.
            if let Some(user) = uzers::get_user_by_name("postgres").filter(|_| uzers::get_current_uid() == 0)
            {
                chown(directory.path(), Some(user.uid()), Some(user.primary_group_id())).unwrap();
                command.uid(user.uid()).gid(user.primary_group_id());
            }
            command.current_dir(directory.path()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let arguments = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"];
        assert!(run("initdb").args(arguments).arg(&data).status().unwrap().success(), "initdb failed");
        let options = ["-c", "listen_addresses=", "-c", "fsync=off", "-k"];
        let process =
            run("postgres").arg("-D").arg(&data).args(options).arg(directory.path()).spawn().unwrap();
        Some(Self { process, directory })
    }

    /// Connects, and creates the tables.
    pub fn open(&self) -> Postgres {
        let deadline = Instant::now() + Duration::from_mins(1);
        let mut client = loop {
            let mut config = Client::configure();
            match config.host_path(self.directory.path()).user("postgres").connect(NoTls) {
                Ok(client) => break client,
                Err(error) if Instant::now() > deadline => panic!("{error}"),
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            }
        };
        client.batch_execute(&schema()).unwrap();
        Postgres { client: RefCell::new(client), prepared: RefCell::default() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The directory in which the tests look for PostgreSQL.
pub const PLACE: &str = "/usr/lib/postgresql";

/// The directory of the newest PostgreSQL that Debian has installed.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir(PLACE).ok()?;
    let mut found: Vec<PathBuf> = versions.map(|version| version.unwrap().path().join("bin")).collect();
    found.retain(|path| path.join("initdb").is_file());
    found.sort();
    found.pop()
}

/// A connection to the server.
pub struct Postgres {
    client: RefCell<Client>,
    prepared: RefCell<HashMap<String, postgres::Statement>>,
}

impl Postgres {
    /// A statement, prepared once per connection. PostgreSQL infers the types of its parameters from their use.
    fn prepare(&self, sql: &str) -> Result<postgres::Statement, Error> {
        if let Some(statement) = self.prepared.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.borrow_mut().prepare(&placeholders(sql)).map_err(failed(sql))?;
        self.prepared.borrow_mut().insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

impl Engine for Postgres {
    fn query(&self, text: &Text<'_>, values: &[&dyn ToValue], on_row: &mut OnRow<'_>) -> Result<(), Error> {
        let sql = text.in_dialect(&POSTGRESQL);
        let statement = self.prepare(&sql)?;
        let values: Vec<Value<'_>> = values.iter().map(|value| value.to_value()).collect();
        let mut found = Vec::new();
        {
            let mut client = self.client.borrow_mut();
            let mut rows = client.query_raw(&statement, values).map_err(failed(&sql))?;
            while let Some(row) = rows.next().map_err(failed(&sql))? {
                found.push(row);
            }
        }
        for row in &found {
            if on_row(&Row::new(row))? == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn execute(&self, text: &str, values: &[&dyn ToValue]) -> Result<usize, Error> {
        let statement = self.prepare(text)?;
        let values: Vec<Value<'_>> = values.iter().map(|value| value.to_value()).collect();
        let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|value| value as _).collect();
        let changed = self.client.borrow_mut().execute(&statement, &values).map_err(failed(text))?;
        Ok(usize::try_from(changed).unwrap())
    }

    fn execute_once(&self, text: &str) -> Result<(), Error> {
        self.client.borrow_mut().batch_execute(text).map_err(failed(text))
    }

    /// No noun asks: the server does, to keep no answer to a request that changed nothing.
    fn changed_rows(&self) -> u64 {
        0
    }

    fn dialect(&self) -> &'static Dialect {
        &POSTGRESQL
    }
}

fn failed(sql: &str) -> impl Fn(postgres::Error) -> Error + '_ {
    move |error| {
        let message =
            error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
        Error::failed(format!("{message}: {sql}"))
    }
}

/// Converts a statement to PostgreSQL's placeholders. A question mark is always a placeholder.
fn placeholders(sql: &str) -> String {
    sql.replace('?', "$")
}

impl Columns for postgres::Row {
    fn value(&self, column: usize) -> Result<Value<'_>, Error> {
        self.try_get(column).map_err(failed("column"))
    }
}

impl<'v> FromSql<'v> for Value<'v> {
    fn from_sql(ty: &Type, raw: &'v [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(match *ty {
            Type::INT8 => Self::Integer(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Integer(i64::from(i32::from_sql(ty, raw)?)),
            Type::BOOL => Self::Integer(i64::from(bool::from_sql(ty, raw)?)),
            Type::BYTEA => Self::Blob(raw),
            _ => Self::Text(<&str>::from_sql(ty, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match *self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) if *ty == Type::INT4 => i32::try_from(number)?.to_sql(ty, out),
            Self::Integer(number) if *ty == Type::INT8 => number.to_sql(ty, out),
            Self::Integer(number) => Err(format!("the number {number} for a parameter of type {ty}").into()),
            Self::Text(text) => text.to_sql(ty, out),
            Self::Blob(bytes) => bytes.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
