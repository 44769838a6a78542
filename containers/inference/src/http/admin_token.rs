//! Who may change which versions are served.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use subtle::ConstantTimeEq;

use super::problem::Failure;

/// The token of the server's administrator. Never shown.
#[derive(Clone)]
pub(crate) struct AdminToken(String);

impl AdminToken {
    /// `None` for an empty token, which protects nothing.
    pub(crate) fn new(token: &str) -> Option<Self> {
        let token = token.trim();
        (!token.is_empty()).then(|| Self(token.to_owned()))
    }
}

/// Lets a request with the token pass.
///
/// # Errors
/// `Forbidden` when the server has no token, `Unauthorized` when the request has another one, or none.
pub(crate) fn authorize(expected: Option<&AdminToken>, headers: &HeaderMap) -> Result<(), Failure> {
    let expected = expected.ok_or(Failure::Forbidden)?;
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = given
        .and_then(|given| given.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    // The time that this takes tells nothing but whether the lengths are equal.
    let same = token.is_some_and(|(_, token)| bool::from(token.trim().as_bytes().ct_eq(expected.0.as_bytes())));
    if same { Ok(()) } else { Err(Failure::Unauthorized) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_passes() {
        let token = AdminToken::new("s3cret\n");
        let with = |value: &str| HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
        assert!(authorize(token.as_ref(), &with("Bearer s3cret")).is_ok());
        for bad in [
            "Bearer s3cre",
            "Bearer s3crett",
            "Bearer ",
            "Basic s3cret",
            "s3cret",
            "Bearer",
        ] {
            assert!(
                matches!(authorize(token.as_ref(), &with(bad)), Err(Failure::Unauthorized)),
                "{bad}"
            );
        }
        assert!(matches!(
            authorize(token.as_ref(), &HeaderMap::new()),
            Err(Failure::Unauthorized)
        ));
    }

    #[test]
    fn a_server_without_a_token_lets_nobody_pass() {
        assert!(AdminToken::new(" \n").is_none());
        assert!(matches!(authorize(None, &HeaderMap::new()), Err(Failure::Forbidden)));
    }
}
