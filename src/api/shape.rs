//! The shapes of a reply's fields: the reference prints each as an example and as a schema.

/// The shape of a field in a reply, with an example of its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    Number(i64),
    /// 1 or 0, as a number.
    Flag,
    Bool(bool),
    Text(&'static str),
    /// One of these words; the example is the first.
    Word(&'static [&'static str]),
    /// This shape, or null.
    Nullable(&'static Shape),
    /// Text, or `false`: the original's way to say "never".
    TextOrFalse(&'static str),
    /// A number, or the request's text if it was sent as text.
    AsSent(i64),
    /// Any JSON, with an example as text.
    Json(&'static str),
    Object(&'static [(&'static str, Shape)]),
    List(&'static Shape),
    /// Error messages as `{field: [message, …]}`; without any, an empty list.
    Errors(&'static [(&'static str, &'static str)]),
    /// Error messages as `{field: message}`.
    ErrorTexts(&'static [(&'static str, &'static str)]),
    /// This shape, in a member that may be missing.
    Sometimes(&'static Shape),
}

pub const CREATED_AT: (&str, Shape) = ("created_at", Shape::Text("2026-02-27T03:05:31.000000Z"));
pub const UPDATED_AT: (&str, Shape) = ("updated_at", Shape::Text("2026-02-27T03:05:31.000000Z"));
pub const META_DATA: (&str, Shape) = ("meta_data", META_ENTRIES);
pub const META_ENTRIES: Shape =
    Shape::List(&Shape::Object(&[("key", Shape::Text("color")), ("value", Shape::Text("green"))]));
/// The owner of a license.
pub const OWNED_BY: [(&str, Shape); 2] = [
    ("owner_name", Shape::Nullable(&Shape::Text("Jane Doe"))),
    ("owner_email", Shape::Nullable(&Shape::Text("jane@example.com"))),
];
pub const ASSIGNED_AT: (&str, Shape) = ("assigned_at", Shape::Nullable(&Shape::Text("2026-02-27 03:05:31")));
pub const LICENSE_STATUS: (&str, Shape) = ("status", Shape::Word(LICENSE_STATUSES));
/// The statuses that an answer can show.
pub const LICENSE_STATUSES: &[&str] = &["assigned", "available", "reserved", "blocked"];
pub const LICENSE_KEYS: Shape = Shape::List(&Shape::Text("3a343c8a-38fe-4b6e-ad77-2222222"));
/// The number of a license's activations, and a page of them.
pub const SEATS: [(&str, Shape); 3] = [
    ("activation_limit", Shape::Number(2)),
    ("count", Shape::Number(1)),
    (
        "activations",
        Shape::List(&Shape::Object(&[
            ("identifier", Shape::Text("domain.ltd")),
            ("activated_at", Shape::Text("2026-02-27 03:05:31")),
            ("address", Shape::Nullable(&Shape::Text("203.0.113.7"))),
            ("last_seen_at", Shape::Nullable(&Shape::Text("2026-03-09 17:00:12"))),
            ("last_address", Shape::Nullable(&Shape::Text("203.0.113.7"))),
            ("post_url", Shape::Nullable(&Shape::Text("https://example.com/deactivated"))),
        ])),
    ),
];
/// The slug of a product.
pub const SLUG: Shape = Shape::Nullable(&Shape::Text("my-product"));
