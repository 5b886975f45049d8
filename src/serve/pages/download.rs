//! `GET /download/…`: sends a file to the owner of a license that permits it. No part of the link is ever
//! logged, because it holds keys.

use actix_files::NamedFile;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_RANGE, Charset, ContentDisposition, ContentType, DispositionParam,
    DispositionType, ExtendedValue, HeaderName, HeaderValue,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};

use crate::api::call::Call;
use crate::api::downloads;
use crate::domain::{DownloadLink, Downloadable, Outcome, StoredFile};
use crate::files::open_regular;
use crate::load::{FILE_PART, Reader, Ticket};
use crate::routes::{self, DOWNLOAD_LABEL as ROUTE};
use crate::serve::activity::{About, RefusedFields};
use crate::serve::answer::Answer;
use crate::serve::app::App;
use crate::serve::caller::Caller;
use crate::serve::http_quirks::{body, turns};
use crate::serve::{authorize, respond, run::guarded};
use crate::wire::params::Params;
use crate::wire::reply::{self, Error};

/// Answers with a file or a part of it, or with a signed refusal (API §5.1).
pub async fn download(app: &App, request: &HttpRequest) -> HttpResponse {
    let mut caller = Caller::of(request, app);
    // The path as it was sent: encoded slashes in a license key or in base64 must stay encoded until it is split.
    let link = DownloadLink::parse(request.uri().path());
    caller.secret = link.api_key;
    let mut ticket = match app.load.admit_unsigned(caller.address, caller.secret.as_ref()) {
        Ok(ticket) => ticket,
        Err(refusal) => return respond::respond(app, &caller, ROUTE, Answer::refused(refusal)).await,
    };
    let mut params = Params::default();
    params.add("license_key".to_owned(), link.license_key);
    params.add("identifier".to_owned(), link.identifier);
    let Requested { found, refused } = look_up(app, &caller, &mut ticket, &params, &link.numeric_version);
    let opened = found.and_then(|found| {
        let file = open(app, &caller, &found.file)?;
        Ok((found, file, app.load.hold_answer(caller.limited_address(), FILE_PART, Reader::Caller)?))
    });
    match opened {
        Ok((found, file, held)) => {
            ticket.refund_guess();
            let response = send(app, &caller, request, (&found, refused.about), file).await;
            turns::sends_file(request);
            body::keep(response, held)
        }
        Err(error) => {
            let answer = Answer { result: Err(error), ..refused }.settle_guess(&mut ticket);
            respond::respond(app, &caller, ROUTE, answer).await
        }
    }
}

/// The version that was requested, and the answer if its file can't be sent.
struct Requested {
    found: reply::Result<Downloadable>,
    refused: Answer,
}

impl Requested {
    fn failed(error: Error) -> Self {
        Self { found: Err(error), refused: Answer::refused(Outcome::FileNotFound) }
    }
}

/// Authorizes the caller and finds the version that the link names, in one snapshot.
fn look_up(
    app: &App,
    caller: &Caller,
    ticket: &mut Ticket<'_>,
    params: &Params,
    numeric_version: &str,
) -> Requested {
    let read = app.store.read(|tx| {
        let authorized = guarded(|| {
            let of_header = authorize::check_header(tx, caller, routes::DOWNLOAD)?;
            let authorized = authorize::authorize(tx, caller, of_header, None, params, routes::DOWNLOAD)?;
            ticket.check_guess(tx, params, authorized.sees_licenses, false)?;
            Ok(authorized)
        });
        let authorized = match authorized {
            Ok(authorized) => authorized,
            Err(error) => {
                let fields = RefusedFields::of_unauthorized(tx, params).ok();
                return Requested {
                    found: Err(error),
                    refused: Answer::unauthorized(Outcome::FileNotFound, fields),
                };
            }
        };
        app.last_used.record(authorized.caller_id, authorized.former_text, caller.now);
        let context = app.request_context(caller.address, authorized.caller_id, None);
        let mut call = Call::new(tx, params, &downloads::LINK, context, caller.now);
        let found = guarded(|| downloads::requested(&mut call, numeric_version));
        let refused = Answer::new(Err(Outcome::FileNotFound.into()), call.signing_product);
        Requested { found, refused: refused.about(params, call.found) }
    });
    read.unwrap_or_else(|error| Requested::failed(error.into()))
}

/// Opens the file of a version. If it is missing, the log tells the operator and the customer gets 700.
fn open(app: &App, caller: &Caller, file: &StoredFile) -> reply::Result<NamedFile> {
    let path = app.config.data.download(&file.sha256);
    open_regular(&path).and_then(|file| NamedFile::from_file(file, &path)).map_err(|error| {
        let request_id = caller.request_id.as_str();
        log::error!(request_id; "{ROUTE}: can't open {}: {error} (request {request_id})", path.display());
        Outcome::FileNotFound.into()
    })
}

async fn send(
    app: &App,
    caller: &Caller,
    request: &HttpRequest,
    (found, about): (&Downloadable, About),
    file: NamedFile,
) -> HttpResponse {
    let mut response = file
        .set_content_type(ContentType::octet_stream().0)
        .set_content_disposition(attachment(&found.file.name))
        .into_response(request);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, respond::PRIVATE);
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    if starts_a_download(&caller.method, &response) {
        count(app, found.id).await;
    }
    let status = response.status().as_u16();
    app.activity.record(&caller.answered(ROUTE, status), about);
    respond::finish(app, caller, ROUTE, status, &mut response);
    response
}

/// Whether this response counts as a download: it sends the first byte. Resumed transfers, HEAD and 304 don't count.
fn starts_a_download(method: &Method, response: &HttpResponse) -> bool {
    let from_the_start = |range: &HeaderValue| range.as_bytes().starts_with(b"bytes 0-");
    match response.status() {
        _ if method != Method::GET => false,
        StatusCode::OK => true,
        StatusCode::PARTIAL_CONTENT => response.headers().get(CONTENT_RANGE).is_some_and(from_the_start),
        _ => false,
    }
}

/// Counts a download; the count is committed before the first byte is sent. If that fails, the file is sent anyway.
async fn count(app: &App, id: i64) {
    if let Err(error) = app.store.change(move |tx| tx.count_download(id)).await {
        log::warn!("a download of downloadable {id} was not counted: {error}");
    }
}

/// A file name in ASCII that any client can read, and the true name where that differs.
fn attachment(name: &str) -> ContentDisposition {
    let plain = |c: char| if c.is_ascii_graphic() && !r#""\/%;"#.contains(c) || c == ' ' { c } else { '_' };
    let fallback: String = name.chars().map(plain).collect();
    let mut parameters = Vec::new();
    if fallback != name {
        parameters.push(DispositionParam::FilenameExt(ExtendedValue {
            charset: Charset::Ext("UTF-8".to_owned()),
            language_tag: None,
            value: name.as_bytes().to_vec(),
        }));
    }
    parameters.insert(0, DispositionParam::Filename(fallback));
    ContentDisposition { disposition: DispositionType::Attachment, parameters }
}

#[cfg(test)]
mod tests {
    use super::attachment;

    #[test]
    fn a_file_name_cannot_break_out_of_its_header() {
        for (name, expected) in [
            ("My App 1.0.zip", r#"attachment; filename="My App 1.0.zip""#),
            ("é.zip", r#"attachment; filename="_.zip"; filename*=UTF-8''%C3%A9.zip"#),
            ("a\"\r\nb", r#"attachment; filename="a___b"; filename*=UTF-8''a%22%0D%0Ab"#),
        ] {
            assert_eq!(attachment(name).to_string(), expected);
        }
    }
}
