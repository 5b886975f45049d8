//! A fresh database to measure on: made by the commands that an operator would use.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::ceilings;

/// The one identifier that each license is activated on.
pub const IDENTIFIER: &str = "shop.example";

/// Licenses beside the others that are assigned to nobody.
const AVAILABLE: u64 = 100;

pub struct World {
    data: PathBuf,
    pub api_key: String,
    pub licenses: u64,
}

impl World {
    /// The first half of the licenses is product 1's; the other half goes round all products. Each product
    /// has its own signing key.
    pub fn make(data: &Path, licenses: u64, products: u64) -> Self {
        let api_key = keyseal(data, &["init"])["api_key"].as_str().unwrap().to_owned();
        make_products(data, products);
        let csv = data.with_extension("csv");
        write_csv(&csv, licenses, products);
        keyseal(data, &["license", "import", csv.to_str().unwrap()]);
        fs::remove_file(csv).unwrap();
        Self { data: data.to_owned(), api_key, licenses }
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The ceiling of signatures, by product 1's key.
    pub fn signatures(&self, measured: Duration) -> f64 {
        ceilings::signatures(&self.data.join("keys/product-1.pem"), measured)
    }

    /// What the database takes on disk.
    pub fn bytes(&self) -> u64 {
        let files = fs::read_dir(&self.data).unwrap().map(|file| file.unwrap());
        let database = files.filter(|file| file.file_name().to_string_lossy().contains(".db"));
        database.map(|file| file.metadata().unwrap().len()).sum()
    }
}

/// A license's key: of no order, as real ones, and never the same twice.
pub fn license_key(number: u64) -> String {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    mixed ^= mixed >> 32;
    format!("KEY-{mixed:016X}")
}

pub fn available_key(number: u64) -> String {
    format!("AVAILABLE-{}", number % AVAILABLE)
}

/// Making an RSA key takes time, so all processors make some.
fn make_products(data: &Path, products: u64) {
    let threads = thread::available_parallelism().unwrap().get();
    thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                for number in (0..products).skip(thread).step_by(threads) {
                    keyseal(data, &["product", "create", "--name", &format!("Bench {number}"), "--own-key"]);
                }
            });
        }
    });
}

fn write_csv(path: &Path, licenses: u64, products: u64) {
    let mut csv = BufWriter::new(File::create(path).unwrap());
    writeln!(
        csv,
        "license_key,product_id,status,owner_name,owner_email,activation_limit,assigned_at,identifiers"
    )
    .unwrap();
    let mut line = String::new();
    for number in 0..licenses {
        let product = if number < licenses / 2 { 1 } else { number % products + 1 };
        line.clear();
        writeln!(
            line,
            "{},{product},assigned,Owner {number},owner{number}@shop.example,50,\
             2026-01-01 00:00:00,\"[\"\"{IDENTIFIER}\"\"]\"",
            license_key(number)
        )
        .unwrap();
        csv.write_all(line.as_bytes()).unwrap();
    }
    for number in 0..AVAILABLE {
        writeln!(csv, "{},1,available,,,3,,", available_key(number)).unwrap();
    }
    csv.flush().unwrap();
}

fn keyseal(data: &Path, arguments: &[&str]) -> Value {
    let output =
        crate::support::program().args(["--json", "--data"]).arg(data).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
