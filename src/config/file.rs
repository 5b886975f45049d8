//! `keyseal.toml`, the settings file. A wrong entry is refused with its line.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::settings::{self, Kind, Setting};
use super::{ConfigError, DataArg, User, did_you_mean};
use crate::files::{DataDir, open_named, open_regular};

/// The size up to which a file is read.
const MAX_BYTES: u64 = 1 << 20;

/// The settings in a file.
#[derive(Clone, Debug, Default)]
pub struct SettingsFile {
    pub path: PathBuf,
    entries: Vec<Entry>,
}

/// One setting in a file.
#[derive(Clone, Debug)]
pub struct Entry {
    key: String,
    /// The number of the line, counted from 1.
    pub line: usize,
    /// The values as they would be written on the command line.
    pub values: Vec<String>,
}

impl SettingsFile {
    /// Reads the file that `--config` names, else the one in `data`, if there is one.
    pub fn find(named: &DataArg, data: Option<&DataDir>) -> Result<Option<Self>, ConfigError> {
        match (&named.config, data) {
            (Some(path), _) => Self::named(path).map(Some),
            (None, Some(data)) => Self::of_data(data),
            (None, None) => Ok(None),
        }
    }

    /// Reads a file that the operator named. Fails if it is missing.
    fn named(path: &Path) -> Result<Self, ConfigError> {
        match read(open_named(path)) {
            Ok(text) => Self::parse(path, &text),
            Err(error) => Err(unreadable(path, &error)),
        }
    }

    /// Reads the file in a data directory, if there is one.
    fn of_data(data: &DataDir) -> Result<Option<Self>, ConfigError> {
        let path = data.settings();
        let text = match read(open_regular(&path)) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                return Err(denied(data.path(), &path, &error));
            }
            text => text.map_err(|error| unreadable(&path, &error))?,
        };
        let file = Self::parse(&path, &text)?;
        match file.entry("data") {
            None => Ok(Some(file)),
            Some(entry) => Err(ConfigError(format!(
                "{} line {}: \"data\" can't be set in the data directory itself: use --data, KEYSEAL_DATA, or a file \
                 that --config names",
                path.display(),
                entry.line
            ))),
        }
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let line_of = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
        let table = DeTable::parse(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(span.start));
            ConfigError(format!("{} line {line}: {}", path.display(), error.message().replace('\n', "; ")))
        })?;
        let mut items: Vec<_> = table.get_ref().iter().collect();
        items.sort_by_key(|(key, _)| key.span().start);
        let mut settings = settings::all();
        // A settings file can't name another.
        settings.retain(|setting| setting.key() != "config");
        let mut file = Self { path: path.to_owned(), entries: Vec::new() };
        for (key, value) in items {
            let line = line_of(key.span().start);
            let place = Place { path, line, key: key.get_ref() };
            let values = place.values(&settings, value)?;
            file.entries.push(Entry { key: key.get_ref().to_string(), line, values });
        }
        Ok(file)
    }
}

fn read(opened: io::Result<File>) -> io::Result<String> {
    let mut text = String::new();
    let length = opened?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if length as u64 > MAX_BYTES {
        return Err(io::Error::other("it is longer than 1 MiB"));
    }
    Ok(text)
}

/// The error for a file that may not be read. The usual cause is that the command runs as another user than the
/// server, so it names the owner.
fn denied(directory: &Path, path: &Path, error: &io::Error) -> ConfigError {
    let me = rustix::process::geteuid().as_raw();
    let owner = |path: &Path| {
        fs::metadata(path).ok().map(|about| about.uid()).filter(|owner| *owner != me).map(User::of)
    };
    if let Some(owner) = owner(directory) {
        let sudo = owner.sudo();
        let directory = directory.display();
        return ConfigError(format!(
            "the data directory {directory} belongs to user {owner}: run this as that user, for example {sudo} keyseal \
             …"
        ));
    }
    match owner(path) {
        Some(owner) => ConfigError(format!(
            "the settings file {0} belongs to user {owner}, and you may not read it: run \"sudo chown {me} {0}\"",
            path.display()
        )),
        None => ConfigError(format!(
            "can't read the settings file {}: {error}; run \"chmod -R u=rwX,go= {}\"",
            path.display(),
            directory.display()
        )),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> ConfigError {
    ConfigError(format!(
        "can't read the settings file {}: {error}; name another with --config",
        path.display()
    ))
}

/// A setting's key and its line in the file, for error messages.
struct Place<'a> {
    path: &'a Path,
    line: usize,
    key: &'a str,
}

impl Place<'_> {
    /// The values of this entry. Refuses unknown settings and values of the wrong kind.
    fn values(&self, settings: &[Setting], value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, ConfigError> {
        let Some(setting) = settings.iter().find(|setting| setting.key() == self.key) else {
            return Err(self.unknown(settings.iter().map(Setting::key), value.get_ref()));
        };
        let kind = setting.kind();
        let values = match (kind, value.get_ref()) {
            (Kind::List, DeValue::Array(items)) => {
                items.iter().map(|item| self.text(kind, item.get_ref())).collect::<Result<Vec<_>, _>>()?
            }
            (Kind::Boolean, DeValue::Boolean(on)) => vec![on.to_string()],
            (Kind::Integer, DeValue::Integer(number)) => vec![self.number(number)?],
            (Kind::String, value) => vec![self.text(kind, value)?],
            (_, other) => return Err(self.wrong_kind(kind, other)),
        };
        match values.iter().find_map(|value| Some((value, setting.refusal(value)?))) {
            None => Ok(values),
            Some((value, why)) => Err(self.error(&format!("can't be {value:?}: {why}"))),
        }
    }

    fn text(&self, kind: Kind, value: &DeValue<'_>) -> Result<String, ConfigError> {
        match value {
            DeValue::String(text) => Ok(text.to_string()),
            other => Err(self.wrong_kind(kind, other)),
        }
    }

    fn number(&self, number: &DeInteger<'_>) -> Result<String, ConfigError> {
        match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Ok(number.to_string()),
            Err(error) => Err(self.error(&format!("can't be {number}: {error}"))),
        }
    }

    fn unknown<'a>(&self, keys: impl Iterator<Item = &'a str>, value: &DeValue<'_>) -> ConfigError {
        let next = match (did_you_mean(self.key, keys), value) {
            (Some(key), _) => format!("did you mean {key:?}?"),
            (None, DeValue::Table(_)) => {
                "the file has no sections, write the settings one below the other".to_owned()
            }
            (None, _) => "see \"keyseal serve --help\": a setting is a flag without its dashes".to_owned(),
        };
        ConfigError(format!(
            "unknown setting {:?} in {} line {}: {next}",
            self.key,
            self.path.display(),
            self.line
        ))
    }

    fn wrong_kind(&self, kind: Kind, found: &DeValue<'_>) -> ConfigError {
        let found = match found {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a section",
        };
        self.error(&format!("must be {}, not {found}", kind.expects()))
    }

    fn error(&self, what: &str) -> ConfigError {
        ConfigError(format!("{} line {}: {:?} {what}", self.path.display(), self.line, self.key))
    }
}
