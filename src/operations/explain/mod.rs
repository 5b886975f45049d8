//! Explains what the license gate answers to a request, step by step, for now or for another time. The request passes
//! the gate of the endpoint itself, with an observer that records the steps.

mod endpoint;
mod facts;
mod fix;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde_json::{Value, json};

use self::facts::Facts;
use super::Operation;
use super::gate::{Asked, Gate, Observer, Step, check_blocklist};
use crate::domain::{Identifier, License, LicenseKey, Outcome, Product, ProductKey, Timestamp};
use crate::wire::reply::{self, Error, Failure};

pub use endpoint::GateEndpoint;

/// The identifier of a request that is to be explained.
#[derive(Clone, Debug)]
pub enum ForIdentifier {
    Sent(Identifier),
    /// The request has none, or a blank one.
    NotSent,
    /// Any that is worth explaining: the one that was activated last. For an activation, and for a license that is
    /// active nowhere, a new one.
    Any,
}

/// A request that is to be explained.
#[derive(Clone, Debug)]
pub struct Question {
    pub endpoint: GateEndpoint,
    pub license_key: Option<LicenseKey>,
    /// The product that the request names: its id, UUID, slug or name.
    pub product: Option<String>,
    pub identifier: ForIdentifier,
    /// The time of the request; `None`: now. The records are those of now at any time.
    pub at: Option<Timestamp>,
}

/// What the endpoint answers to the request, and why.
#[derive(Debug)]
pub struct Explanation {
    pub endpoint: GateEndpoint,
    pub at: Timestamp,
    /// The license's key as it is stored, or as it was sent if no license has it.
    pub license_key: Option<String>,
    /// The identifier that was explained for; `None`: none, or a new one.
    pub identifier: Option<String>,
    /// The outcome that the endpoint answers.
    pub outcome: Outcome,
    /// All steps of the endpoint, in their order.
    pub steps: Vec<ExplainedStep>,
    /// The words of the command after `keyseal` that helps after the refusal, if there is one.
    pub fix: Option<Vec<String>>,
    /// The key of the product that the gate found, if it has one of its own.
    pub signing_product: Option<ProductKey>,
}

/// A step with its result.
#[derive(Debug)]
pub struct ExplainedStep {
    pub step: Step,
    pub state: StepState,
    /// The facts on which it passed or refused; empty if it was not reached.
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    Passed,
    Refused,
    NotReached,
}

impl StepState {
    /// The name of this value in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Refused => "refused",
            Self::NotReached => "not_reached",
        }
    }
}

impl ExplainedStep {
    /// The step in JSON, with its number.
    pub fn to_json(&self, number: usize) -> Value {
        json!({ "step": number, "name": self.step.as_str(), "state": self.state.as_str(), "text": self.text })
    }
}

impl Explanation {
    /// The steps in JSON.
    pub fn steps_json(&self) -> Value {
        (1..).zip(&self.steps).map(|(number, step)| step.to_json(number)).collect()
    }

    /// The refusing step with its number, counted from 1; `None`: no step refuses.
    pub fn refusal(&self) -> Option<(usize, &ExplainedStep)> {
        (1..).zip(&self.steps).find(|(_, step)| step.state == StepState::Refused)
    }
}

/// The fields of the request as they pass the gate.
struct Request<'a> {
    question: &'a Question,
    identifier: Option<Identifier>,
}

impl Asked for &Request<'_> {
    fn license_key(&self) -> reply::Result<Option<LicenseKey>> {
        Ok(self.question.license_key.clone())
    }

    fn product(&self) -> reply::Result<Option<String>> {
        Ok(self.question.product.clone())
    }

    fn identifier(&self) -> reply::Result<Option<Identifier>> {
        Ok(self.identifier.clone())
    }
}

/// The steps that began, and what they found.
#[derive(Default)]
struct Recorder {
    steps: Vec<Step>,
    license: Option<License>,
    product: Option<Product>,
}

impl Observer for &mut Recorder {
    fn begin(&mut self, step: Step) {
        self.steps.push(step);
    }

    fn found_license(&mut self, license: &License) {
        self.license = Some(license.clone());
    }

    fn found_product(&mut self, product: &Product) {
        self.product = Some(product.clone());
    }
}

impl Operation<'_> {
    /// Explains what the endpoint answers. Changes nothing.
    pub fn explain(&self, question: &Question) -> Result<Explanation, Failure> {
        let at = question.at.unwrap_or(self.now);
        let (identifier, is_new) = self.identifier_for(question)?;
        let request = Request { question, identifier };
        let mut recorder = Recorder::default();
        let passed = self.pass(&request, at, &mut recorder);
        let (outcome, is_refused) = match passed {
            Ok(outcome) => (outcome, false),
            Err(Error::Refused(reply)) => (reply.outcome, true),
            Err(Error::Failed(failure)) => return Err(failure),
        };
        let Recorder { steps: begun, license, product } = recorder;
        let facts = Facts {
            tx: self.tx,
            question,
            identifier: request.identifier.as_ref(),
            is_new,
            license: license.as_ref(),
            product: product.as_ref(),
            outcome,
            at,
        };
        let all_steps = question.endpoint.steps();
        // A request that passes has begun all of them.
        debug_assert!(
            if is_refused { all_steps.starts_with(&begun) } else { all_steps == begun },
            "{begun:?}"
        );
        let mut steps = Vec::new();
        for (place, step) in all_steps.iter().copied().enumerate() {
            let state = match begun.len() {
                count if place >= count => StepState::NotReached,
                count if place + 1 == count && is_refused => StepState::Refused,
                _ => StepState::Passed,
            };
            let text = match state {
                StepState::Passed => facts.of_passed(step)?,
                StepState::Refused => facts.of_refused(step)?,
                StepState::NotReached => String::new(),
            };
            steps.push(ExplainedStep { step, state, text });
        }
        let fix = if is_refused { begun.last().map_or(Ok(None), |step| facts.fix(*step))? } else { None };
        let sent_key = || question.license_key.as_ref().map(ToString::to_string);
        Ok(Explanation {
            endpoint: question.endpoint,
            at,
            license_key: license.as_ref().map(|license| license.license_key.clone()).or_else(sent_key),
            identifier: request
                .identifier
                .filter(|_| !is_new)
                .map(|identifier| identifier.as_str().to_owned()),
            outcome,
            steps,
            fix,
            signing_product: product.and_then(|product| product.own_key()),
        })
    }

    fn pass(
        &self,
        request: &Request<'_>,
        at: Timestamp,
        mut recorder: &mut Recorder,
    ) -> reply::Result<Outcome> {
        recorder.begin(Step::Blocklist);
        check_blocklist(self.tx, request.identifier.iter().map(|identifier| Cow::from(identifier.as_str())))?;
        let mut gate = Gate { tx: self.tx, now: at, asked: request, observer: recorder };
        request.question.endpoint.pass(&mut gate)
    }

    /// The identifier of the request, and whether it stands for any new one.
    fn identifier_for(&self, question: &Question) -> Result<(Option<Identifier>, bool), Failure> {
        match &question.identifier {
            ForIdentifier::Sent(identifier) => return Ok((Some(identifier.clone()), false)),
            ForIdentifier::NotSent => return Ok((None, false)),
            ForIdentifier::Any => {}
        }
        let key = question.license_key.as_ref().filter(|_| question.endpoint != GateEndpoint::Activate);
        let license = key.map_or(Ok(None), |key| self.tx.license_by_key(key))?;
        let newest = license.map_or(Ok(None), |license| self.tx.newest_identifier(license.id))?;
        match newest {
            Some(identifier) => Ok((Some(identifier), false)),
            None => Ok((Identifier::parse("a new identifier").ok(), true)),
        }
    }
}
