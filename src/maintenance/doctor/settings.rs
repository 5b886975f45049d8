//! Checks of the settings: their file, and the certificate that they name.

use super::{Context, Finding};
use crate::domain::Timestamp;
use crate::maintenance::shell::{self, command};

/// Checks that the settings file, if there is one, can be read.
pub fn file(context: &Context<'_>) -> Finding {
    match context.file {
        Ok(Some(file)) => Finding::ok(file.display().to_string()),
        Ok(None) => Finding::ok("no settings file: flags, environment variables and defaults apply"),
        Err(error) => Finding::wrong(
            format!("{error}; the other checks ignore the file"),
            format!(
                "correct the file, then see the settings with \"{}\"",
                command("config show", context.data)
            ),
        ),
    }
}

/// Checks that the certificate and its key can be served, and that the certificate is valid for some time.
pub fn certificate(context: &Context<'_>) -> Finding {
    let files = match &context.tls {
        Err(error) => {
            return Finding::wrong(error.to_string(), "set both tls-cert and tls-key, or neither");
        }
        Ok(None) => return Finding::ok("none: plain HTTP, to put behind a proxy with TLS"),
        Ok(Some(files)) => files,
    };
    let path = files.certificate.display().to_string();
    match (context.certificate_end)(files) {
        Err(error) => Finding::wrong(
            error.to_string(),
            "set tls-cert and tls-key to files that the server's user can read",
        ),
        Ok(None) => Finding::warning(
            format!("{path} matches its key, but its expiry can't be read"),
            format!("openssl x509 -noout -enddate -in {}", shell::path(&files.certificate)),
        ),
        Ok(Some(end)) => assess_end(&path, context.now, end, context.certificate_warn_days),
    }
}

fn assess_end(path: &str, now: Timestamp, end: Timestamp, warn_days: i64) -> Finding {
    const NEXT: &str = "renew it; a running server reloads it by itself";
    if end < now {
        Finding::wrong(format!("{path} expired at {end}: clients refuse it"), NEXT)
    } else if end < now.plus_days(warn_days) {
        Finding::warning(format!("{path} expires at {end}"), NEXT)
    } else {
        Finding::ok(format!("{path} matches its key and expires at {end}"))
    }
}
