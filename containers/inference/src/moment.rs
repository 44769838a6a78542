//! Points in time as the product's documents write them: UTC with milliseconds.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time, written `2026-11-29T12:00:00.120Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(Timestamp);

impl Moment {
    /// Now, cut to the millisecond, so that a moment read back is the moment written.
    #[must_use]
    pub(crate) fn now() -> Self {
        Self::of(Timestamp::now())
    }

    /// The start of the minute that this moment lies in.
    pub(crate) fn minute(self) -> Self {
        Self(Timestamp::from_second(self.0.as_second().div_euclid(60) * 60).unwrap_or(self.0))
    }

    /// How long this moment lies before `later`; zero when it lies after it.
    #[must_use]
    pub(crate) fn until(self, later: Self) -> Duration {
        Duration::try_from(later.0.duration_since(self.0)).unwrap_or_default()
    }

    /// This moment and `wait` later.
    pub(crate) fn after(self, wait: Duration) -> Self {
        self.0.checked_add(wait).map_or(self, Self::of)
    }

    pub(crate) fn millis(self) -> i64 {
        self.0.as_millisecond()
    }

    fn of(timestamp: Timestamp) -> Self {
        Self(Timestamp::from_millisecond(timestamp.as_millisecond()).unwrap_or(timestamp))
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Timestamp::deserialize(deserializer).map(Self::of)
    }
}

impl utoipa::PartialSchema for Moment {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        <String as utoipa::PartialSchema>::schema()
    }
}

impl utoipa::ToSchema for Moment {
    fn name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_with_three_digits_of_milliseconds_and_read_back_equal() {
        let moment: Moment = serde_json::from_str("\"2026-11-29T12:00:00.120999Z\"").unwrap();
        let written = serde_json::to_string(&moment).unwrap();
        assert_eq!(written, "\"2026-11-29T12:00:00.120Z\"");
        assert_eq!(serde_json::from_str::<Moment>(&written).unwrap(), moment);
        assert_eq!(moment.minute().to_string(), "2026-11-29T12:00:00.000Z");
    }

    #[test]
    fn a_moment_that_lies_after_another_is_zero_away_from_it() {
        let (early, late): (Moment, Moment) =
            serde_json::from_str("[\"2026-11-29T12:00:00Z\", \"2026-11-29T12:00:01.5Z\"]").unwrap();
        assert_eq!(early.until(late), Duration::from_millis(1500));
        assert_eq!(late.until(early), Duration::ZERO);
    }
}
