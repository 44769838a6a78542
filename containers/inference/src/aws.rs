//! Clients of AWS. Endpoint, region and credentials come from the environment, as every AWS tool reads them.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

/// Without them a lost packet would hold up the follower of the desired state for minutes.
const CONNECT: Duration = Duration::from_secs(2);
/// Until the answer begins; a body takes as long as it takes.
const ATTEMPT: Duration = Duration::from_secs(5);

/// An object, or a prefix of objects, in S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct S3Location {
    pub(crate) bucket: String,
    /// Without a leading `/`.
    pub(crate) key: String,
}

impl S3Location {
    /// Reads `s3://bucket/key`; `None` when `uri` is something else.
    pub(crate) fn parse(uri: &str) -> Option<Self> {
        let (bucket, key) = uri.strip_prefix("s3://")?.split_once('/')?;
        (!bucket.is_empty()).then(|| Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        })
    }
}

impl std::fmt::Display for S3Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// What every client is made from.
pub(crate) async fn load_config() -> SdkConfig {
    let https = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .build();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(https)
        .timeout_config(timeouts)
        .load()
        .await
}

/// Names the bucket in the path when the environment names an endpoint of its own: only AWS itself has a host for every bucket.
pub(crate) fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    let builder = aws_sdk_s3::config::Builder::from(config);
    aws_sdk_s3::Client::from_conf(builder.force_path_style(config.endpoint_url().is_some()).build())
}

/// The HTTP status of an answer that was an error; `None` when there was no answer.
pub(crate) fn status_of<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// What went wrong, in one line: the service's code and message, or everything that is known of a call that got no answer.
pub(crate) fn reason_of<E: ProvideErrorMetadata + std::error::Error + 'static>(error: &SdkError<E>) -> String {
    match (error.code(), status_of(error)) {
        (Some(code), _) => format!("{code}: {}", error.message().unwrap_or("no message")),
        (None, Some(status)) => format!("HTTP status {status}"),
        (None, None) => DisplayErrorContext(error).to_string(),
    }
}
