//! Explanations: what an endpoint answers to a customer's request, and why.

use crate::api::call::Call;
use crate::api::endpoint::Endpoint;
use crate::api::field::Field;
use crate::api::fields::{IDENTIFIER, LICENSE_KEY, OF_PRODUCT};
use crate::api::record::{Audience, Record, answer};
use crate::api::shape::Shape;
use crate::domain::{Identifier, LicenseKey, Outcome, Timestamp};
use crate::operations::explain::{Explanation, ForIdentifier, GateEndpoint, Question};
use crate::wire::reply::{Error, Reply, Result};

const FOR_KEY: Field<LicenseKey> =
    LICENSE_KEY.optional().says("The license key of the customer's request. None is explained too.");
const FOR_IDENTIFIER: Field<Identifier> = IDENTIFIER.optional().says(
    "The identifier of the customer's request. Blank: the request had none. If the field is left out, the identifier \
     is assumed that was activated last; for `activate`, or if none is active, a new one.",
);
const AT: Field<Timestamp> = Field::moment("at", "2027-01-31 12:00:00").says(
    "The time of the customer's request, past or future; now by default. The records are those of now.",
);
const ENDPOINT: Field<GateEndpoint> =
    Field::word("endpoint", GateEndpoint::NAMES, GateEndpoint::parse, "verify")
        .says("The endpoint that the customer's request calls; `verify` by default.");

/// `GET /explain-license-key` (API §5.13).
pub const EXPLAIN: Endpoint =
    Record::new(Audience::Vendor, "Explains what an endpoint answers for a license key, step by step")
        .says(
            "Runs the checks of the endpoint, in their order, and changes nothing. `answer_code` and `answer_message` \
             are what the customer's request gets; the metadata endpoints check `key` and `value` after these steps. \
             Unlike in other requests, `identifier` may be on the blocklist. An unknown license key is a finding too. \
             A caller that may not list all license keys uses up a guess by it.",
        )
        .takes(&[&FOR_KEY, &FOR_IDENTIFIER, &OF_PRODUCT, &AT, &ENDPOINT])
        .answers(&[answer(
            Outcome::LicenseExplained,
            &[
                ("endpoint", Shape::Word(GateEndpoint::NAMES)),
                ("license_key", Shape::Nullable(&Shape::Text("3a343c8a-38fe-4b6e-ad77-2222222"))),
                ("identifier", Shape::Nullable(&Shape::Text("domain.ltd"))),
                ("at", Shape::Text("2027-01-31 12:00:00")),
                ("answer_code", Shape::Number(205)),
                ("answer_message", Shape::Text("License key expired")),
                ("steps", Shape::List(&STEP)),
                ("fix", Shape::Nullable(FIX)),
            ],
        )])
        .takes_blocked_identifiers()
        .run(explain);

const FIX: &Shape = &Shape::Text("keyseal license renew 3a343c8a-38fe-4b6e-ad77-2222222 --days 365");
const STEP: Shape = Shape::Object(&[
    ("step", Shape::Number(7)),
    ("name", Shape::Text("not_expired")),
    ("state", Shape::Word(&["refused", "passed", "not_reached"])),
    ("text", Shape::Text("the license expired 3 days ago, on 2027-01-28 12:00:00")),
]);

fn explain(call: &mut Call<'_>) -> Result {
    let question = Question {
        license_key: call.get(FOR_KEY)?,
        identifier: match call.get(FOR_IDENTIFIER)? {
            Some(identifier) => ForIdentifier::Sent(identifier),
            None if call.sent.has(&FOR_IDENTIFIER) => ForIdentifier::NotSent,
            None => ForIdentifier::Any,
        },
        product: call.get(OF_PRODUCT)?,
        at: call.get(AT)?,
        endpoint: call.get(ENDPOINT)?.unwrap_or(GateEndpoint::Verify),
    };
    let explanation = call.operation().explain(&question).map_err(Error::Failed)?;
    call.signing_product.clone_from(&explanation.signing_product);
    let reply = reply(&explanation);
    match explanation.outcome {
        // A refusal, so that it counts as a guess of a license key.
        Outcome::InvalidLicenseKey => Err(reply.into()),
        _ => Ok(reply),
    }
}

fn reply(explanation: &Explanation) -> Reply {
    let fix = explanation.fix.as_ref().map(|words| format!("keyseal {}", shell_words::join(words)));
    Reply::from(Outcome::LicenseExplained)
        .with("endpoint", explanation.endpoint.as_str())
        .with("license_key", explanation.license_key.as_deref())
        .with("identifier", explanation.identifier.as_deref())
        .with("at", explanation.at.to_string())
        .with("answer_code", explanation.outcome.code())
        .with("answer_message", explanation.outcome.message())
        .with("steps", explanation.steps_json())
        .with("fix", fix)
}
