//! The settings that a server would run with: the file they are in, and the certificate that they name.

use super::{Finding, Patient};
use crate::cli::terminal::shell::{self, command};
use crate::domain::Timestamp;
use crate::server::{CERTIFICATE_WARN_DAYS, certificate_end};

pub fn file(patient: &Patient<'_>) -> Finding {
    match patient.file {
        Ok(Some(file)) => Finding::right(file.path.display().to_string()),
        Ok(None) => Finding::right("no file: flags, variables and defaults count"),
        Err(fault) => Finding::wrong(
            format!("{fault}; the rest is looked at as if there was no such file"),
            format!("mend that, and see what counts with \"{}\"", command("config show", patient.data)),
        ),
    }
}

pub fn certificate(patient: &Patient<'_>) -> Finding {
    let files = match patient.serve.tls() {
        Err(wrong) => {
            return Finding::wrong(wrong.to_string(), "set both tls-cert and tls-key, or neither");
        }
        Ok(None) => return Finding::right("none: plain HTTP, for a proxy with TLS in front"),
        Ok(Some(files)) => files,
    };
    let path = files.certificate.display().to_string();
    match certificate_end(&files) {
        Err(error) => Finding::wrong(
            error.to_string(),
            "see that tls-cert and tls-key name the files, and that the server's user can read them",
        ),
        Ok(None) => Finding::warning(
            format!("{path} fits its key, but it can't be told when it expires"),
            format!("openssl x509 -noout -enddate -in {}", shell::path(&files.certificate)),
        ),
        Ok(Some(end)) => judge_end(&path, patient.now, end),
    }
}

fn judge_end(path: &str, now: Timestamp, end: Timestamp) -> Finding {
    const NEXT: &str = "renew it; a server that runs takes it up by itself";
    if end < now {
        Finding::wrong(format!("{path} expired at {end}: clients refuse it"), NEXT)
    } else if end < now.plus_days(CERTIFICATE_WARN_DAYS) {
        Finding::warning(format!("{path} expires at {end}"), NEXT)
    } else {
        Finding::right(format!("{path} fits its key, and expires at {end}"))
    }
}
