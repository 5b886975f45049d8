//! The outcome table: every code that each endpoint can answer. The client in `support` refuses an answer that is not in it; and here
//! every pair is brought about once.

/// What any endpoint can answer: the gate's refusals, and what the original has no code for.
const ANY: [i64; 13] = [100, 101, 102, 103, 150, 1900, 1901, 1902, 1904, 1905, 1908, 1913, 1915];

/// The endpoints, by the paths of the contract, and their own codes.
pub const OUTCOMES: &[(&str, &[i64])] = &[
    ("/verify", &[200, 201, 202, 203, 204, 205, 210, 215]),
    ("/activate", &[300, 301, 302, 201, 203, 204, 205, 210, 215]),
    ("/deactivate", &[400, 401, 201, 203, 204, 210, 215]),
    ("/get-license-key-details", &[500, 201, 202, 203, 204, 205, 210, 215]),
    ("/access-downloadables", &[600, 201, 202, 203, 204, 205, 210, 215]),
    ("/assign-license-key", &[800, 801]),
    ("/assign-and-activate-license-key", &[300, 301, 302, 203, 204, 205, 210, 215, 801]),
    ("/random-assign-license-keys", &[803, 802, 805, 806]),
    ("/random-assign-license-keys-queued", &[807]),
    ("/create-license-keys", &[900, 901, 902]),
    ("/update-license-key", &[950, 951, 952]),
    ("/delete-license-key", &[850, 851]),
    ("/get-license-keys", &[730]),
    ("/get-available-license-keys-count", &[740, 741]),
    ("/create-license-key-meta", &[453, 450, 451, 452, 201, 202, 203, 204, 205, 210, 215]),
    ("/update-license-key-meta", &[353, 350, 351, 352, 201, 202, 203, 204, 205, 210, 215]),
    ("/delete-license-key-meta", &[252, 250, 251, 201, 202, 203, 204, 205, 210, 215]),
    ("/create-product", &[750, 751]),
    ("/update-product", &[650, 651]),
    ("/delete-product", &[550, 551]),
    ("/get-all-products", &[810]),
    ("/create-product-meta", &[273, 270, 271, 272, 274]),
    ("/update-product-meta", &[373, 370, 371, 372, 374]),
    ("/delete-product-meta", &[482, 480, 481, 483]),
    ("/get-all-generators", &[820]),
    ("/generate", &[815, 806, 901]),
    ("/send-telemetry-data", &[830, 831]),
    ("/get-telemetry-data", &[970]),
    ("/get-all-contracts", &[846]),
    ("/create-contract", &[841, 825]),
    ("/update-contract", &[842, 825, 844]),
    ("/delete-contract", &[843, 844]),
    ("/contracts/get-info", &[1204, 1200]),
    ("/contracts/generate", &[1300, 1200, 1202, 1203, 1205, 1206]),
    ("/contracts/destroy", &[1400, 1200, 1401]),
    ("/contracts/destroy-all", &[1500, 1200, 1501]),
    ("/get-product", &[631, 551]),
    ("/get-product-meta", &[631, 551]),
    ("/get-product-changelog", &[1600, 1601, 1602, 551]),
    ("/get-product-public-key", &[632, 633, 551]),
    ("/download", &[700, 701]),
    ("/products", &[1600, 1601, 1602, 551]),
];

/// Whether the table has this answer to a request for this path.
pub fn is_known(path: &str, code: i64) -> bool {
    let path = path.split('?').next().unwrap();
    let path =
        ["/api/api/v1", "/api/v1", "/v1"].iter().find_map(|prefix| path.strip_prefix(prefix)).unwrap_or(path);
    let own = OUTCOMES.iter().find(|(endpoint, _)| *endpoint == path).map(|(_, codes)| *codes);
    // Aliases, other spellings of a path, and paths with parameters are looked up where they are tested.
    ANY.contains(&code) || own.is_none_or(|codes| codes.contains(&code))
}
