//! The response-code table: every answer the API can give, its number, its message, who signs it, and its HTTP status.

/// One row of the response-code table (API §8). The discriminant is the inner `code`.
///
/// Codes below 1900 are the original API's. From 1900 up they are this server's own, for what the original
/// has no code for; they never reuse an HTTP number, because 500 means "Active license key found" to every
/// client of this API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Outcome {
    InvalidApiKey = 100,
    InactiveApiKey = 101,
    MissingCapability = 102,
    AddressNotAllowed = 103,
    AccessDenied = 150,
    LicenseValid = 200,
    LicenseNotAssigned = 201,
    NoActivation = 202,
    ProductNotActive = 203,
    LicenseBlocked = 204,
    LicenseExpired = 205,
    InvalidLicenseKey = 210,
    IdentifierRequired = 215,
    DeleteLicenseMetaKeyRequired = 250,
    DeleteLicenseMetaKeyMissing = 251,
    LicenseMetaDeleted = 252,
    CreateProductMetaKeyRequired = 270,
    CreateProductMetaValueRequired = 271,
    ProductMetaKeyExists = 272,
    ProductMetaCreated = 273,
    CreateProductMetaProductNotFound = 274,
    LicenseActivated = 300,
    LicenseAlreadyActive = 301,
    ActivationLimitReached = 302,
    UpdateLicenseMetaKeyRequired = 350,
    UpdateLicenseMetaValueRequired = 351,
    UpdateLicenseMetaKeyMissing = 352,
    LicenseMetaUpdated = 353,
    UpdateProductMetaKeyRequired = 370,
    UpdateProductMetaValueRequired = 371,
    UpdateProductMetaKeyMissing = 372,
    ProductMetaUpdated = 373,
    UpdateProductMetaProductNotFound = 374,
    LicenseDeactivated = 400,
    LicenseAlreadyInactive = 401,
    LicenseMetaKeyRequired = 450,
    LicenseMetaValueRequired = 451,
    LicenseMetaKeyExists = 452,
    LicenseMetaCreated = 453,
    DeleteProductMetaKeyRequired = 480,
    DeleteProductMetaKeyMissing = 481,
    ProductMetaDeleted = 482,
    DeleteProductMetaProductNotFound = 483,
    LicenseDetails = 500,
    ProductDeleted = 550,
    ProductNotFound = 551,
    Downloads = 600,
    ProductInformation = 631,
    ProductPublicKey = 632,
    ProductPublicKeyUnavailable = 633,
    ProductUpdated = 650,
    UpdateProductIncorrectData = 651,
    FileNotFound = 700,
    DownloadNotPermitted = 701,
    LicenseKeys = 730,
    CountProductNotFound = 740,
    AvailableLicenseKeysCount = 741,
    ProductCreated = 750,
    CreateProductIncorrectData = 751,
    LicenseAssigned = 800,
    LicenseNotAssignable = 801,
    InsufficientLicenseKeys = 802,
    LicenseKeysAssigned = 803,
    RandomAssignProductNotFound = 805,
    GeneratorNotFound = 806,
    RequestQueued = 807,
    AllProducts = 810,
    LicenseKeysGenerated = 815,
    AllGenerators = 820,
    ContractIncorrectData = 825,
    TelemetrySaved = 830,
    IncorrectTelemetrySaved = 831,
    ContractCreated = 841,
    ContractUpdated = 842,
    ContractDeleted = 843,
    ContractNotFound = 844,
    AllContracts = 846,
    LicenseDeleted = 850,
    DeleteLicenseNotFound = 851,
    LicenseKeysCreated = 900,
    CreateLicenseIncorrectData = 901,
    NoLicenseKeysCreated = 902,
    LicenseUpdated = 950,
    UpdateLicenseIncorrectData = 951,
    UpdateLicenseNotFound = 952,
    TelemetryFound = 970,
    OwnContractNotFound = 1200,
    ContractProductNotFound = 1202,
    ContractGeneratorNotFound = 1203,
    ContractFound = 1204,
    ContractLimitReached = 1205,
    ContractQuantityTooLarge = 1206,
    ContractLicenseKeysGenerated = 1300,
    ContractLicenseDeleted = 1400,
    ContractLicenseNotFound = 1401,
    ContractLicensesDeleted = 1500,
    NoContractLicenses = 1501,
    Changelog = 1600,
    ChangelogDisabled = 1601,
    ChangelogNotEnabled = 1602,
    InternalError = 1900,
    ServiceUnavailable = 1901,
    UnreadableBody = 1902,
    UnknownEndpoint = 1904,
    MethodNotAllowed = 1905,
    RequestTimeout = 1908,
    PayloadTooLarge = 1913,
    UnsupportedMediaType = 1915,
    TooManyRequests = 1929,
}

/// Whose key signs an answer: the contract names one for each outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedBy {
    /// The installation's key, always.
    Global,
    /// The key of the product that was found before the answer, where it has one of its own; else the installation's.
    Product,
}

/// How outcomes travel over HTTP (API §0.4, item 1).
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

    /// Whether `code` is shown as text: the original does so in one answer, and clients compare it (API §4.3).
    pub fn shows_code_as_text(self) -> bool {
        self == LicenseDeactivated
    }

    /// The text in the answer's `message`, exactly as the contract has it.
    #[expect(clippy::too_many_lines, reason = "a table: one line a message")]
    pub fn message(self) -> &'static str {
        match self {
            InvalidApiKey => "Invalid API Key",
            InactiveApiKey => "Inactive API Key",
            MissingCapability => {
                "The used API key doesn't have the required capability to access this endpoint"
            }
            AddressNotAllowed => "API key can't be used from this IP address",
            AccessDenied => "Access denied",
            LicenseValid => "Valid license key",
            LicenseNotAssigned => "This license key is not assigned",
            NoActivation => "No activation found for this license key/identifier combination",
            ProductNotActive => "The product associated with this license key is not active or doesn't exist",
            LicenseBlocked => "License key blocked",
            LicenseExpired => "License key expired",
            InvalidLicenseKey => "Invalid license key",
            IdentifierRequired => "Identifier is required",
            DeleteLicenseMetaKeyRequired
            | CreateProductMetaKeyRequired
            | UpdateLicenseMetaKeyRequired
            | UpdateProductMetaKeyRequired
            | LicenseMetaKeyRequired
            | DeleteProductMetaKeyRequired => "Meta key is required",
            DeleteLicenseMetaKeyMissing | UpdateLicenseMetaKeyMissing | DeleteProductMetaKeyMissing => {
                "Meta key doesn't exist"
            }
            LicenseMetaDeleted => "Metadata deleted",
            CreateProductMetaValueRequired
            | UpdateLicenseMetaValueRequired
            | UpdateProductMetaValueRequired
            | LicenseMetaValueRequired => "Meta value is required",
            ProductMetaKeyExists | LicenseMetaKeyExists => "Meta key already exists",
            ProductMetaCreated => "Product meta created",
            CreateProductMetaProductNotFound
            | UpdateProductMetaProductNotFound
            | DeleteProductMetaProductNotFound
            | ProductNotFound
            | RandomAssignProductNotFound
            | ContractProductNotFound => "Product not found",
            LicenseActivated => "License key activated",
            LicenseAlreadyActive => "License key already active",
            ActivationLimitReached => "License key reached activation limit",
            LicenseMetaUpdated => "Metadata updated",
            UpdateProductMetaKeyMissing => "Meta key doesn't exists",
            ProductMetaUpdated => "Product meta updated",
            LicenseDeactivated => "License key deactivated",
            LicenseAlreadyInactive => "License key already inactive",
            LicenseMetaCreated => "Metadata created",
            ProductMetaDeleted => "Product meta deleted",
            LicenseDetails => "Active license key found",
            ProductDeleted => "Product deleted",
            Downloads => "Downloads",
            ProductInformation => "Product information retrieved successfully",
            ProductPublicKey => "Public key retrieved successfully",
            ProductPublicKeyUnavailable => "Public key not available for product",
            ProductUpdated => "Product updated",
            UpdateProductIncorrectData
            | CreateProductIncorrectData
            | ContractIncorrectData
            | CreateLicenseIncorrectData
            | UpdateLicenseIncorrectData => "Incorrect data found",
            FileNotFound => "The request file doesn't exist",
            DownloadNotPermitted => "You don't have permission to access it",
            LicenseKeys => "License keys",
            CountProductNotFound => "Product doesn't exist",
            AvailableLicenseKeysCount => "Available license keys count",
            ProductCreated => "Product created",
            LicenseAssigned => "License key assigned",
            LicenseNotAssignable => "Invalid or already assigned license key",
            InsufficientLicenseKeys => "Insufficient license keys",
            LicenseKeysAssigned => "License keys assigned",
            GeneratorNotFound | ContractGeneratorNotFound => "Generator not found",
            RequestQueued => "Request Queued",
            AllProducts => "All products",
            LicenseKeysGenerated => "Generated license keys",
            AllGenerators => "All generators",
            TelemetrySaved => "Correct format data saved",
            IncorrectTelemetrySaved => "Incorrect format data saved",
            ContractCreated => "contract created",
            ContractUpdated => "contract updated",
            ContractDeleted => "contract deleted",
            ContractNotFound | OwnContractNotFound => "Contract not found",
            AllContracts => "All contracts",
            LicenseDeleted | ContractLicenseDeleted => "License key deleted",
            DeleteLicenseNotFound | UpdateLicenseNotFound | ContractLicenseNotFound => {
                "License key not found"
            }
            LicenseKeysCreated => "License keys creation result",
            NoLicenseKeysCreated => "No license keys created",
            LicenseUpdated => "License keys updated",
            TelemetryFound => "Telemetry data found",
            ContractFound => "Contract found",
            ContractLimitReached => "License keys limit reached",
            ContractQuantityTooLarge => "Cannot generate this quantity",
            ContractLicenseKeysGenerated => "Contract license keys generated",
            ContractLicensesDeleted => "License keys deleted",
            NoContractLicenses => "No license keys found",
            Changelog => "Changelog retrieved successfully",
            ChangelogDisabled => "Changelog feature is disabled globally",
            ChangelogNotEnabled => "Changelog not enabled for this product",
            InternalError => "Internal error",
            ServiceUnavailable => "Service unavailable",
            UnreadableBody => "Unreadable request body",
            UnknownEndpoint => "Unknown endpoint",
            MethodNotAllowed => "Method not allowed",
            RequestTimeout => "Request timeout",
            PayloadTooLarge => "Payload too large",
            UnsupportedMediaType => "Unsupported media type",
            TooManyRequests => "Too many requests",
        }
    }

    /// Which key signs this answer.
    #[expect(clippy::too_many_lines, reason = "a table: one line an outcome")]
    pub fn signed_by(self) -> SignedBy {
        match self {
            LicenseValid
            | LicenseNotAssigned
            | NoActivation
            | ProductNotActive
            | LicenseBlocked
            | LicenseExpired
            | IdentifierRequired
            | DeleteLicenseMetaKeyRequired
            | DeleteLicenseMetaKeyMissing
            | LicenseMetaDeleted
            | CreateProductMetaKeyRequired
            | CreateProductMetaValueRequired
            | ProductMetaKeyExists
            | ProductMetaCreated
            | LicenseActivated
            | LicenseAlreadyActive
            | ActivationLimitReached
            | UpdateLicenseMetaKeyRequired
            | UpdateLicenseMetaValueRequired
            | UpdateLicenseMetaKeyMissing
            | LicenseMetaUpdated
            | UpdateProductMetaKeyRequired
            | UpdateProductMetaValueRequired
            | UpdateProductMetaKeyMissing
            | ProductMetaUpdated
            | LicenseAlreadyInactive
            | LicenseMetaKeyRequired
            | LicenseMetaValueRequired
            | LicenseMetaKeyExists
            | LicenseMetaCreated
            | DeleteProductMetaKeyRequired
            | DeleteProductMetaKeyMissing
            | ProductMetaDeleted
            | LicenseDetails
            | Downloads
            | FileNotFound
            | DownloadNotPermitted
            | LicenseKeysGenerated
            | LicenseDeleted
            | LicenseKeysCreated
            | NoLicenseKeysCreated
            | LicenseUpdated => SignedBy::Product,
            InvalidApiKey
            | InactiveApiKey
            | MissingCapability
            | AddressNotAllowed
            | AccessDenied
            | InvalidLicenseKey
            | CreateProductMetaProductNotFound
            | UpdateProductMetaProductNotFound
            | LicenseDeactivated
            | DeleteProductMetaProductNotFound
            | ProductDeleted
            | ProductNotFound
            | ProductInformation
            | ProductPublicKey
            | ProductPublicKeyUnavailable
            | ProductUpdated
            | UpdateProductIncorrectData
            | LicenseKeys
            | CountProductNotFound
            | AvailableLicenseKeysCount
            | ProductCreated
            | CreateProductIncorrectData
            | LicenseAssigned
            | LicenseNotAssignable
            | InsufficientLicenseKeys
            | LicenseKeysAssigned
            | RandomAssignProductNotFound
            | GeneratorNotFound
            | RequestQueued
            | AllProducts
            | AllGenerators
            | ContractIncorrectData
            | TelemetrySaved
            | IncorrectTelemetrySaved
            | ContractCreated
            | ContractUpdated
            | ContractDeleted
            | ContractNotFound
            | AllContracts
            | DeleteLicenseNotFound
            | CreateLicenseIncorrectData
            | UpdateLicenseIncorrectData
            | UpdateLicenseNotFound
            | TelemetryFound
            | OwnContractNotFound
            | ContractProductNotFound
            | ContractGeneratorNotFound
            | ContractFound
            | ContractLimitReached
            | ContractQuantityTooLarge
            | ContractLicenseKeysGenerated
            | ContractLicenseDeleted
            | ContractLicenseNotFound
            | ContractLicensesDeleted
            | NoContractLicenses
            | Changelog
            | ChangelogDisabled
            | ChangelogNotEnabled
            | InternalError
            | ServiceUnavailable
            | UnreadableBody
            | UnknownEndpoint
            | MethodNotAllowed
            | RequestTimeout
            | PayloadTooLarge
            | UnsupportedMediaType
            | TooManyRequests => SignedBy::Global,
        }
    }

    /// The HTTP status this answer travels under.
    pub fn http_status(self, mode: HttpStatus) -> u16 {
        match (self, mode) {
            (InternalError, _) => 500,
            (ServiceUnavailable, _) => 503,
            (UnreadableBody, _) => 400,
            // A browser follows download links, and must not save a refusal as the file (API §5.1).
            (UnknownEndpoint | FileNotFound, _) => 404,
            (MethodNotAllowed, _) => 405,
            (RequestTimeout, _) => 408,
            (PayloadTooLarge, _) => 413,
            (UnsupportedMediaType, _) => 415,
            (TooManyRequests, _) => 429,
            (
                InvalidApiKey | InactiveApiKey | MissingCapability | AddressNotAllowed,
                HttpStatus::Documented,
            ) => 401,
            (DownloadNotPermitted, _) | (AccessDenied, HttpStatus::Documented) => 403,
            _ => 200,
        }
    }
}
