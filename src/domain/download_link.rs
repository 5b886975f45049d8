//! Download links: their parts, and how they are written and parsed (API §5.1).

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::ApiKeySecret;

/// The characters of a path segment that are percent-encoded: all but unreserved ones, so also the slash.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD_LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE_LENIENT: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// The parts of a download link. It has no `Debug`, because it holds an API key.
pub struct DownloadLink {
    pub api_key: Option<ApiKeySecret>,
    pub license_key: String,
    pub identifier: String,
    /// The text in the path, which may not be a number.
    pub numeric_version: String,
}

impl DownloadLink {
    /// Parses the last four segments of a path that is still percent-encoded, since decoded segments may contain
    /// slashes. The identifier is standard or URL-safe base64, with or without padding. A segment that can't be
    /// decoded becomes blank, and is refused later like a blank one.
    pub fn parse(raw_path: &str) -> Self {
        let mut segments = raw_path.rsplitn(5, '/');
        let mut next = || {
            let decoded = percent_decode_str(segments.next()?).decode_utf8().ok()?;
            Some(decoded.into_owned())
        };
        let (numeric_version, identifier, license_key, api_key) = (next(), next(), next(), next());
        Self {
            api_key: api_key.and_then(|text| ApiKeySecret::parse(&text)),
            license_key: license_key.unwrap_or_default(),
            identifier: identifier.and_then(|text| decode_identifier(&text)).unwrap_or_default(),
            numeric_version: numeric_version.unwrap_or_default(),
        }
    }
}

fn decode_identifier(base64: &str) -> Option<String> {
    let bytes = STANDARD_LENIENT.decode(base64).or_else(|_| URL_SAFE_LENIENT.decode(base64)).ok()?;
    String::from_utf8(bytes).ok()
}

/// Builds the link with which a client downloads a version. `public_url` is the base URL under which customers
/// reach the server.
pub fn download_url(
    public_url: &str,
    api_key: &ApiKeySecret,
    license_key: &str,
    identifier: &str,
    numeric_version: i64,
) -> String {
    let base = public_url.trim_end_matches('/');
    let api_key = utf8_percent_encode(api_key.expose(), SEGMENT);
    let license_key = utf8_percent_encode(license_key, SEGMENT);
    let identifier = STANDARD.encode(identifier);
    let identifier = utf8_percent_encode(&identifier, SEGMENT);
    format!("{base}/api/v1/download/{api_key}/{license_key}/{identifier}/{numeric_version}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secret() -> ApiKeySecret {
        ApiKeySecret::parse("a/b").unwrap()
    }

    #[test]
    fn a_link_has_the_documented_form() {
        let api_key = ApiKeySecret::parse("2964c3c9-0b5d-4d89-b3ac-4668f30bc492").unwrap();
        assert_eq!(
            download_url("https://HOST/", &api_key, "a b/c", "domain.ltd", 102),
            "https://HOST/api/v1/download/2964c3c9-0b5d-4d89-b3ac-4668f30bc492/a%20b%2Fc/ZG9tYWluLmx0ZA%3D%3D/102"
        );
    }

    #[test]
    fn an_identifier_is_read_in_either_alphabet_padded_or_not() {
        // "???>>" holds both characters in which the alphabets differ.
        for text in ["Pz8%2FPj4%3D", "Pz8%2FPj4", "Pz8_Pj4=", "Pz8_Pj4"] {
            let link = DownloadLink::parse(&format!("/download/k/l/{text}/1"));
            assert_eq!(link.identifier, "???>>", "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_blank() {
        for (path, license_key) in [("", ""), ("/1", ""), ("/%20/l/%21/1", "l"), ("/%ff/%ff/_w/1", "")] {
            let link = DownloadLink::parse(path);
            assert!(link.api_key.is_none() && link.identifier.is_empty(), "{path}");
            assert_eq!(link.license_key, license_key, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_names_survive_a_link(license_key in any::<String>(), identifier in any::<String>()) {
            let link = download_url("http://h", &secret(), &license_key, &identifier, 7);
            let read = DownloadLink::parse(&link);
            prop_assert!(read.api_key.is_some_and(|key| key.expose() == "a/b"));
            prop_assert_eq!((read.license_key, read.identifier), (license_key, identifier));
            prop_assert_eq!(read.numeric_version, "7");
        }
    }
}
