//! The response-code table: every answer that the API can give, one row a code.

/// The mapping from outcomes to HTTP status codes (API §0.4, item 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpStatus {
    /// 200 for every answer of the original API, as the original server does.
    #[default]
    Envelope,
    /// The statuses that the original's documentation names: 401 for 100 to 103, 403 for 150.
    Documented,
}

/// The owner of the key that signs an answer. API §8 names one for each outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedBy {
    /// Always the global key.
    Global,
    /// The key of the product that was found before the answer, if it has one of its own; else the global key.
    Product,
}

impl SignedBy {
    /// The name of this value in envelopes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Product => "product",
        }
    }
}

/// The properties of an outcome besides its number and its name.
struct Row {
    signed_by: SignedBy,
    /// The HTTP status in [`HttpStatus::Envelope`], and in [`HttpStatus::Documented`].
    http_status: (u16, u16),
    message: &'static str,
}

/// Turns the table into [`Outcome`]. A row: code, name: signer, HTTP status, message. Two statuses: the first is
/// that of [`HttpStatus::Envelope`], the second that of [`HttpStatus::Documented`].
macro_rules! outcomes {
    ($($code:literal $name:ident: $signer:ident, $status:literal $(/ $documented:literal)?, $message:literal;)+) => {
        /// One row of the response-code table (API §8). The discriminant is the inner `code`.
        ///
        /// Codes below 1900 are the original API's. Codes from 1900 up are this server's own, for cases without a
        /// code in the original API; they never reuse an HTTP number, because 500 means "Active license key found" to
        /// every client of this API.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        pub enum Outcome {
            $($name = $code,)+
        }

        impl Outcome {
            #[cfg(test)]
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            const fn row(self) -> Row {
                match self {
                    $(Self::$name => Row {
                        signed_by: SignedBy::$signer,
                        http_status: outcomes!(@statuses $status $(/ $documented)?),
                        message: $message,
                    },)+
                }
            }
        }
    };
    (@statuses $both:literal) => { ($both, $both) };
    (@statuses $envelope:literal / $documented:literal) => { ($envelope, $documented) };
}

// 404 and 403 of downloads: a browser follows download links, and must not save a refusal as the file (API §5.1).
outcomes! {
    100 InvalidApiKey: Global, 200 / 401, "Invalid API Key";
    101 InactiveApiKey: Global, 200 / 401, "Inactive API Key";
    102 MissingCapability: Global, 200 / 401,
        "The used API key doesn't have the required capability to access this endpoint";
    103 AddressNotAllowed: Global, 200 / 401, "API key can't be used from this IP address";
    150 AccessDenied: Global, 200 / 403, "Access denied";
    200 LicenseValid: Product, 200, "Valid license key";
    201 LicenseNotAssigned: Product, 200, "This license key is not assigned";
    202 NoActivation: Product, 200, "No activation found for this license key/identifier combination";
    203 ProductNotActive: Product, 200, "The product associated with this license key is not active or doesn't exist";
    204 LicenseBlocked: Product, 200, "License key blocked";
    205 LicenseExpired: Product, 200, "License key expired";
    210 InvalidLicenseKey: Global, 200, "Invalid license key";
    215 IdentifierRequired: Product, 200, "Identifier is required";
    250 DeleteLicenseMetaKeyRequired: Product, 200, "Meta key is required";
    251 DeleteLicenseMetaKeyMissing: Product, 200, "Meta key doesn't exist";
    252 LicenseMetaDeleted: Product, 200, "Metadata deleted";
    270 CreateProductMetaKeyRequired: Product, 200, "Meta key is required";
    271 CreateProductMetaValueRequired: Product, 200, "Meta value is required";
    272 ProductMetaKeyExists: Product, 200, "Meta key already exists";
    273 ProductMetaCreated: Product, 200, "Product meta created";
    274 CreateProductMetaProductNotFound: Global, 200, "Product not found";
    300 LicenseActivated: Product, 200, "License key activated";
    301 LicenseAlreadyActive: Product, 200, "License key already active";
    302 ActivationLimitReached: Product, 200, "License key reached activation limit";
    350 UpdateLicenseMetaKeyRequired: Product, 200, "Meta key is required";
    351 UpdateLicenseMetaValueRequired: Product, 200, "Meta value is required";
    352 UpdateLicenseMetaKeyMissing: Product, 200, "Meta key doesn't exist";
    353 LicenseMetaUpdated: Product, 200, "Metadata updated";
    370 UpdateProductMetaKeyRequired: Product, 200, "Meta key is required";
    371 UpdateProductMetaValueRequired: Product, 200, "Meta value is required";
    372 UpdateProductMetaKeyMissing: Product, 200, "Meta key doesn't exists";
    373 ProductMetaUpdated: Product, 200, "Product meta updated";
    374 UpdateProductMetaProductNotFound: Global, 200, "Product not found";
    400 LicenseDeactivated: Global, 200, "License key deactivated";
    401 LicenseAlreadyInactive: Product, 200, "License key already inactive";
    450 LicenseMetaKeyRequired: Product, 200, "Meta key is required";
    451 LicenseMetaValueRequired: Product, 200, "Meta value is required";
    452 LicenseMetaKeyExists: Product, 200, "Meta key already exists";
    453 LicenseMetaCreated: Product, 200, "Metadata created";
    480 DeleteProductMetaKeyRequired: Product, 200, "Meta key is required";
    481 DeleteProductMetaKeyMissing: Product, 200, "Meta key doesn't exist";
    482 ProductMetaDeleted: Product, 200, "Product meta deleted";
    483 DeleteProductMetaProductNotFound: Global, 200, "Product not found";
    500 LicenseDetails: Product, 200, "Active license key found";
    550 ProductDeleted: Global, 200, "Product deleted";
    551 ProductNotFound: Global, 200, "Product not found";
    600 Downloads: Product, 200, "Downloads";
    631 ProductInformation: Global, 200, "Product information retrieved successfully";
    632 ProductPublicKey: Global, 200, "Public key retrieved successfully";
    633 ProductPublicKeyUnavailable: Global, 200, "Public key not available for product";
    650 ProductUpdated: Global, 200, "Product updated";
    651 UpdateProductIncorrectData: Global, 200, "Incorrect data found";
    700 FileNotFound: Product, 404, "The request file doesn't exist";
    701 DownloadNotPermitted: Product, 403, "You don't have permission to access it";
    730 LicenseKeys: Global, 200, "License keys";
    740 CountProductNotFound: Global, 200, "Product doesn't exist";
    741 AvailableLicenseKeysCount: Global, 200, "Available license keys count";
    750 ProductCreated: Global, 200, "Product created";
    751 CreateProductIncorrectData: Global, 200, "Incorrect data found";
    800 LicenseAssigned: Global, 200, "License key assigned";
    801 LicenseNotAssignable: Global, 200, "Invalid or already assigned license key";
    802 InsufficientLicenseKeys: Global, 200, "Insufficient license keys";
    803 LicenseKeysAssigned: Global, 200, "License keys assigned";
    805 RandomAssignProductNotFound: Global, 200, "Product not found";
    806 GeneratorNotFound: Global, 200, "Generator not found";
    807 RequestQueued: Global, 200, "Request Queued";
    810 AllProducts: Global, 200, "All products";
    815 LicenseKeysGenerated: Product, 200, "Generated license keys";
    820 AllGenerators: Global, 200, "All generators";
    825 ContractIncorrectData: Global, 200, "Incorrect data found";
    830 TelemetrySaved: Global, 200, "Correct format data saved";
    831 IncorrectTelemetrySaved: Global, 200, "Incorrect format data saved";
    841 ContractCreated: Global, 200, "contract created";
    842 ContractUpdated: Global, 200, "contract updated";
    843 ContractDeleted: Global, 200, "contract deleted";
    844 ContractNotFound: Global, 200, "Contract not found";
    846 AllContracts: Global, 200, "All contracts";
    850 LicenseDeleted: Product, 200, "License key deleted";
    851 DeleteLicenseNotFound: Global, 200, "License key not found";
    900 LicenseKeysCreated: Product, 200, "License keys creation result";
    901 CreateLicenseIncorrectData: Global, 200, "Incorrect data found";
    902 NoLicenseKeysCreated: Product, 200, "No license keys created";
    950 LicenseUpdated: Product, 200, "License keys updated";
    951 UpdateLicenseIncorrectData: Global, 200, "Incorrect data found";
    952 UpdateLicenseNotFound: Global, 200, "License key not found";
    970 TelemetryFound: Global, 200, "Telemetry data found";
    1200 OwnContractNotFound: Global, 200, "Contract not found";
    1202 ContractProductNotFound: Global, 200, "Product not found";
    1203 ContractGeneratorNotFound: Global, 200, "Generator not found";
    1204 ContractFound: Global, 200, "Contract found";
    1205 ContractLimitReached: Global, 200, "License keys limit reached";
    1206 ContractQuantityTooLarge: Global, 200, "Cannot generate this quantity";
    1300 ContractLicenseKeysGenerated: Global, 200, "Contract license keys generated";
    1400 ContractLicenseDeleted: Global, 200, "License key deleted";
    1401 ContractLicenseNotFound: Global, 200, "License key not found";
    1500 ContractLicensesDeleted: Global, 200, "License keys deleted";
    1501 NoContractLicenses: Global, 200, "No license keys found";
    1600 Changelog: Global, 200, "Changelog retrieved successfully";
    1601 ChangelogDisabled: Global, 200, "Changelog feature is disabled globally";
    1602 ChangelogNotEnabled: Global, 200, "Changelog not enabled for this product";
    1900 InternalError: Global, 500, "Internal error";
    1901 ServiceUnavailable: Global, 503, "Service unavailable";
    1902 UnreadableBody: Global, 400, "Unreadable request body";
    1904 UnknownEndpoint: Global, 404, "Unknown endpoint";
    1905 MethodNotAllowed: Global, 405, "Method not allowed";
    1908 RequestTimeout: Global, 408, "Request timeout";
    1913 PayloadTooLarge: Global, 413, "Payload too large";
    1915 UnsupportedMediaType: Global, 415, "Unsupported media type";
    1929 TooManyRequests: Global, 429, "Too many requests";
    1940 LicenseExplained: Product, 200, "License explained";
    1941 LicenseActivations: Product, 200, "License activations";
    1942 ActivationReleased: Product, 200, "Activation released";
    1943 NoSuchActivation: Product, 200, "No such activation";
    1944 LicenseRenewed: Product, 200, "License renewed";
    1945 RenewIncorrectData: Product, 200, "Incorrect data found";
    1946 Feature: Product, 200, "Feature";
}

impl Outcome {
    /// The number in the answer's `code`.
    pub fn code(self) -> u16 {
        self as u16
    }

    /// Whether `code` is shown as text: the original does so in one answer, and clients compare it (API §4.3).
    pub fn shows_code_as_text(self) -> bool {
        self == Self::LicenseDeactivated
    }

    /// The text in the answer's `message`, exactly as in API §8.
    pub fn message(self) -> &'static str {
        self.row().message
    }

    /// The owner of the key that signs this answer.
    pub fn signed_by(self) -> SignedBy {
        self.row().signed_by
    }

    /// The HTTP status of this answer.
    pub fn http_status(self, mode: HttpStatus) -> u16 {
        let (envelope, documented) = self.row().http_status;
        match mode {
            HttpStatus::Envelope => envelope,
            HttpStatus::Documented => documented,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_are_in_the_order_of_their_codes() {
        assert!(Outcome::ALL.is_sorted_by_key(|outcome| outcome.code()));
    }

    #[test]
    fn the_original_codes_travel_under_200_and_only_documented_refusals_differ() {
        for outcome in Outcome::ALL {
            let documented = match outcome.code() {
                100..=103 => 401,
                150 => 403,
                _ => outcome.http_status(HttpStatus::Envelope),
            };
            assert_eq!(outcome.http_status(HttpStatus::Documented), documented, "{outcome:?}");
        }
    }
}
