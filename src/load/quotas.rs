//! The quotas of telemetry and of kept answers in bytes, by API key and by address: a key that ships in customers'
//! software could otherwise fill the disk.

use std::time::Duration;

use super::network::Network;
use super::rates::RateLimit;
use crate::domain::{AnswerQuota, CallerId, TelemetryQuota};
use crate::wire::reply::Result;

/// What a stored row takes beside its texts.
const ROW: usize = 256;

/// How much each client has stored in the times of the quotas.
pub struct Quotas {
    address: Vec<RateLimit<Network>>,
    caller: Vec<RateLimit<i64>>,
}

impl Quotas {
    pub fn of_telemetry(quota: &TelemetryQuota) -> Self {
        let rates = [quota.hour, quota.day];
        Self {
            address: rates.into_iter().map(RateLimit::new).collect(),
            caller: rates.into_iter().map(RateLimit::new).collect(),
        }
    }

    pub fn of_answers(quota: &AnswerQuota) -> Self {
        Self { address: vec![RateLimit::new(quota.address)], caller: vec![RateLimit::new(quota.api_key)] }
    }

    /// Counts a row whose texts have `length` bytes against all quotas, or against none and refuses it.
    pub fn take(&self, address: &Network, caller: CallerId, length: usize, now: Duration) -> Result<()> {
        let bytes = u32::try_from(length.saturating_add(ROW)).unwrap_or(u32::MAX);
        let mut taken = Vec::with_capacity(4);
        let mut take_all = || {
            for limit in &self.caller {
                taken.extend(limit.take_many(&caller.to_number(), bytes, now)?);
            }
            for limit in &self.address {
                taken.extend(limit.take_many(address, bytes, now)?);
            }
            Ok(())
        };
        let admitted = take_all();
        if admitted.is_err() {
            taken.into_iter().for_each(super::buckets::Token::refund);
        }
        admitted
    }

    /// How many rows were refused.
    pub fn refused(&self) -> u64 {
        let by_address = self.address.iter().map(RateLimit::refused);
        by_address.chain(self.caller.iter().map(RateLimit::refused)).sum()
    }

    /// To be called once a minute: forgets clients that have nothing used up.
    pub fn tidy(&self, now: Duration) {
        self.address.iter().for_each(|limit| limit.forget_full(now));
        self.caller.iter().for_each(|limit| limit.forget_full(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn take(quotas: &Quotas, host: u8, caller: i64, length: usize, now: Duration) -> bool {
        let address = Network::of([192, 0, 2, host].into());
        quotas.take(&address, CallerId::ApiKey(caller), length - ROW, now).is_ok()
    }

    #[test]
    fn a_key_and_an_address_have_a_quota_each_and_a_refusal_uses_none() {
        let quotas = Quotas::of_telemetry(&TelemetryQuota::megabytes(1, 2));
        assert!(take(&quotas, 1, 1, 600_000, HOUR) && !take(&quotas, 1, 1, 600_000, HOUR));
        // What was refused for the address is not counted against the key, and the other way round.
        assert!(!take(&quotas, 1, 2, 600_000, HOUR) && take(&quotas, 2, 2, 1_000_000, HOUR));
        assert!(take(&quotas, 1, 3, 400_000, HOUR) && !take(&quotas, 1, 4, 1_000, HOUR));
        assert_eq!(quotas.refused(), 3);
        quotas.tidy(HOUR * 3);
        assert!(take(&quotas, 1, 1, 1_000_000, HOUR * 3));
        // The day's.
        assert!(!take(&quotas, 1, 1, 1_000_000, HOUR * 4));
    }

    #[test]
    fn an_address_has_a_tenth_of_a_keys_share_of_answers() {
        let quotas = Quotas::of_answers(&AnswerQuota::megabytes(1));
        for host in 1..=10 {
            assert!(take(&quotas, host, 1, 100_000, HOUR) && !take(&quotas, host, 2, 1_000, HOUR), "{host}");
        }
        assert!(!take(&quotas, 11, 1, 1_000, HOUR) && take(&quotas, 11, 2, 1_000, HOUR));
        assert!(take(&quotas, 12, 1, 90_000, HOUR * 25));
    }
}
