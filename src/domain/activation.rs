//! Activations, the identifiers that a license is assigned to: how many there may be.

/// Whether a license with this activation limit (0 or less: any number) and this many active identifiers takes one more (contract §3.4).
pub fn has_free_seat(activation_limit: i64, active: i64) -> bool {
    activation_limit <= 0 || active < activation_limit
}

#[cfg(test)]
mod tests {
    use super::has_free_seat;

    #[test]
    fn the_limit_is_exact_and_zero_is_none() {
        assert!(has_free_seat(3, 2));
        assert!(!has_free_seat(3, 3));
        assert!(has_free_seat(0, 1_000_000));
        assert!(has_free_seat(-1, 1_000_000));
    }
}
