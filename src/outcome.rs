//! The response-code table: every answer the API can give, its number, its message, who signs it, and its HTTP status.

/// One row of the response-code table (contract §8). The discriminant is the inner `code`.
///
/// Codes below 1900 are the original API's. From 1900 up they are this server's own, for what the original has no code for;
/// they never reuse an HTTP number, because 500 means "Active license key found" to every client of this API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Outcome {
    InvalidApiKey = 100,
    InactiveApiKey = 101,
    MissingCapability = 102,
    AddressNotAllowed = 103,
    AccessDenied = 150,
    LicenseNotAssigned = 201,
    NoActivation = 202,
    ProductNotActive = 203,
    LicenseBlocked = 204,
    LicenseExpired = 205,
    InvalidLicenseKey = 210,
    IdentifierRequired = 215,
    LicenseMetaKeyRequired = 450,
    LicenseMetaValueRequired = 451,
    LicenseMetaKeyExists = 452,
    LicenseMetaCreated = 453,
    InternalError = 1900,
    ServiceUnavailable = 1901,
    UnreadableBody = 1902,
    UnknownEndpoint = 1904,
    MethodNotAllowed = 1905,
    RequestTimeout = 1908,
    PayloadTooLarge = 1913,
    UnsupportedMediaType = 1915,
}

/// Whose key signs an answer: the contract names one for each outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedBy {
    /// The installation's key, always.
    Global,
    /// The key of the product that was found before the answer, where it has one of its own; else the installation's.
    Product,
}

/// How outcomes travel over HTTP (contract §0.4, item 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpStatus {
    /// Every answer of the original API under 200.
    #[default]
    Envelope,
    /// As the original documents it: 100 to 103 under 401, 150 under 403.
    Documented,
}

use Outcome::*;

impl Outcome {
    /// The number in the answer's `code`.
    pub fn code(self) -> u16 {
        self as u16
    }

    /// The text in the answer's `message`, exactly as the contract has it.
    pub fn message(self) -> &'static str {
        match self {
            InvalidApiKey => "Invalid API Key",
            InactiveApiKey => "Inactive API Key",
            MissingCapability => {
                "The used API key doesn't have the required capability to access this endpoint"
            }
            AddressNotAllowed => "API key can't be used from this IP address",
            AccessDenied => "Access denied",
            LicenseNotAssigned => "This license key is not assigned",
            NoActivation => "No activation found for this license key/identifier combination",
            ProductNotActive => "The product associated with this license key is not active or doesn't exist",
            LicenseBlocked => "License key blocked",
            LicenseExpired => "License key expired",
            InvalidLicenseKey => "Invalid license key",
            IdentifierRequired => "Identifier is required",
            LicenseMetaKeyRequired => "Meta key is required",
            LicenseMetaValueRequired => "Meta value is required",
            LicenseMetaKeyExists => "Meta key already exists",
            LicenseMetaCreated => "Metadata created",
            InternalError => "Internal error",
            ServiceUnavailable => "Service unavailable",
            UnreadableBody => "Unreadable request body",
            UnknownEndpoint => "Unknown endpoint",
            MethodNotAllowed => "Method not allowed",
            RequestTimeout => "Request timeout",
            PayloadTooLarge => "Payload too large",
            UnsupportedMediaType => "Unsupported media type",
        }
    }

    /// Which key signs this answer.
    pub fn signed_by(self) -> SignedBy {
        match self {
            LicenseNotAssigned
            | NoActivation
            | ProductNotActive
            | LicenseBlocked
            | LicenseExpired
            | IdentifierRequired
            | LicenseMetaKeyRequired
            | LicenseMetaValueRequired
            | LicenseMetaKeyExists
            | LicenseMetaCreated => SignedBy::Product,
            InvalidApiKey | InactiveApiKey | MissingCapability | AddressNotAllowed | AccessDenied
            | InvalidLicenseKey | InternalError | ServiceUnavailable | UnreadableBody | UnknownEndpoint
            | MethodNotAllowed | RequestTimeout | PayloadTooLarge | UnsupportedMediaType => SignedBy::Global,
        }
    }

    /// The HTTP status this answer travels under.
    pub fn http_status(self, mode: HttpStatus) -> u16 {
        match (self, mode) {
            (InternalError, _) => 500,
            (ServiceUnavailable, _) => 503,
            (UnreadableBody, _) => 400,
            (UnknownEndpoint, _) => 404,
            (MethodNotAllowed, _) => 405,
            (RequestTimeout, _) => 408,
            (PayloadTooLarge, _) => 413,
            (UnsupportedMediaType, _) => 415,
            (
                InvalidApiKey | InactiveApiKey | MissingCapability | AddressNotAllowed,
                HttpStatus::Documented,
            ) => 401,
            (AccessDenied, HttpStatus::Documented) => 403,
            _ => 200,
        }
    }
}
