//! Pagination of long lists.

/// The default number of items on a page.
const DEFAULT_ITEMS: i64 = 10;

/// The maximum number of items on a page.
pub const MAX_PAGE_ITEMS: i64 = 1000;

/// A part of a list: the number of items before it, and its maximum length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    pub offset: i64,
    pub limit: i64,
}

impl Page {
    /// The whole list.
    pub const ALL: Self = Self { offset: 0, limit: i64::MAX };

    /// Parses the number of the page, counted from 1, and the number of items per page. A text that is not a
    /// positive number counts as absent.
    pub fn new(number: Option<&str>, items: Option<&str>) -> Self {
        let number = number.and_then(positive).unwrap_or(1);
        let limit = items.and_then(positive).unwrap_or(DEFAULT_ITEMS).min(MAX_PAGE_ITEMS);
        Self { offset: (number - 1).saturating_mul(limit), limit }
    }
}

/// Parses a positive decimal number. One that overflows becomes the largest `i64`: that page is simply empty.
fn positive(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse().unwrap_or(i64::MAX));
    number.filter(|number| *number >= 1)
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn a_page_is_counted_from_one_and_its_size_is_bounded() {
        for (number, items, offset, limit) in [
            (None, None, 0, 10),
            (Some("1"), Some("5"), 0, 5),
            (Some(" 3 "), Some("5"), 10, 5),
            (Some("2"), Some("1000"), 1000, 1000),
            (Some("2"), Some("1001"), 1000, 1000),
            (Some("2"), Some("99999999999999999999"), 1000, 1000),
        ] {
            assert_eq!(Page::new(number, items), Page { offset, limit });
        }
    }

    #[test]
    fn what_is_no_positive_number_counts_as_not_given() {
        for text in ["", "0", "-1", "1.5", "+2", "x", "1e3", "000"] {
            assert_eq!(Page::new(Some(text), Some(text)), Page { offset: 0, limit: 10 }, "{text}");
        }
    }

    #[test]
    fn an_absurd_page_is_far_away_and_nothing_overflows() {
        for number in ["9223372036854775807", "9223372036854775808", "99999999999999999999999"] {
            assert_eq!(Page::new(Some(number), None).offset, i64::MAX);
        }
    }
}
