//! The quotas of telemetry in bytes, by API key and by address: a key that ships in customers' software could otherwise
//! fill the disk.

use std::time::Duration;

use super::network::Network;
use super::rates::RateLimit;
use crate::domain::{CallerId, TelemetryQuota};
use crate::wire::reply::Result;

/// What a stored report takes beside its fields.
const ROW: usize = 256;

/// How much telemetry each client has stored, in the last hour and in the last day.
pub struct Quotas {
    address: [RateLimit<Network>; 2],
    caller: [RateLimit<i64>; 2],
}

impl Quotas {
    pub fn new(quota: &TelemetryQuota) -> Self {
        Self {
            address: [RateLimit::new(quota.hour), RateLimit::new(quota.day)],
            caller: [RateLimit::new(quota.hour), RateLimit::new(quota.day)],
        }
    }

    /// Counts a report whose fields have `length` bytes against all four quotas, or against none and refuses it.
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

    /// How many reports were refused.
    pub fn refused(&self) -> u64 {
        let [by_hour, by_day] = &self.address;
        let [of_hour, of_day] = &self.caller;
        [by_hour.refused(), by_day.refused(), of_hour.refused(), of_day.refused()].iter().sum()
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
        let quotas = Quotas::new(&TelemetryQuota::megabytes(1, 2));
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
}
