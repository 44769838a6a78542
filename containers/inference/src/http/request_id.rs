//! What ties an answer, a line of the log and a trace together.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const MAX_ID: usize = 128;

/// The id of a request: the caller's when it is well-formed, else a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(String);

impl RequestId {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let given = headers
            .get(&REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .filter(|id| well_formed(id));
        Self(given.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).unwrap_or_else(|error| unreachable!("ids are ASCII: {error}"))
    }
}

/// Safe in a header, in a log and in a URN.
fn well_formed(id: &str) -> bool {
    (1..=MAX_ID).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// The caller's trace and span, out of a W3C `traceparent`; `None` when there is none or it breaks the recommendation.
pub(crate) fn trace_of(headers: &HeaderMap) -> Option<(&str, &str)> {
    let parts: Vec<&str> = headers.get(TRACEPARENT)?.to_str().ok()?.split('-').collect();
    let [version, trace, span, flags, ..] = parts[..] else {
        return None;
    };
    let hex = |text: &str, length: usize| {
        text.len() == length
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let zero = |text: &str| text.bytes().all(|byte| byte == b'0');
    let known = version != "ff" && (version != "00" || parts.len() == 4);
    let good =
        known && hex(version, 2) && hex(trace, 32) && hex(span, 16) && hex(flags, 2) && !zero(trace) && !zero(span);
    good.then_some((trace, span))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn a_well_formed_id_is_taken_and_another_one_replaced() {
        let id = |value: &str| RequestId::of(&headers(REQUEST_ID, value)).0;
        assert_eq!(id("abc-1.2_Z"), "abc-1.2_Z");
        for bad in ["", "a b", "a\"b", "ü", &"a".repeat(129)] {
            assert!(Uuid::parse_str(&id(bad)).is_ok(), "{bad}");
        }
        assert!(Uuid::parse_str(&RequestId::of(&HeaderMap::new()).0).is_ok());
    }

    #[test]
    fn a_traceparent_is_read_as_the_recommendation_says() {
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let read = |value: &str| {
            trace_of(&headers(TRACEPARENT, value)).map(|(trace, span)| (trace.to_owned(), span.to_owned()))
        };
        assert_eq!(
            read(good).unwrap(),
            (
                "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
                "00f067aa0ba902b7".to_owned()
            )
        );
        assert!(read(&format!("{good}-more")).is_none(), "version 00 has four parts");
        assert!(read(&good.replacen("00", "01", 1)).is_some(), "a later version may");
        for bad in [
            "",
            "00-1-2-01",
            &good.to_uppercase(),
            &good.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
        ] {
            assert!(read(bad).is_none(), "{bad}");
        }
    }
}
