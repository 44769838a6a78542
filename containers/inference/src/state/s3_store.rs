//! The document as an S3 object, written with If-Match.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;

use super::{StateStore, StoreError, Stored, parse, text_of};
use crate::aws::{S3Location, reason_of, status_of};
use crate::versions::DesiredState;

/// Asked with If-None-Match: a document that did not change is not sent again.
pub(crate) struct S3Store {
    client: Client,
    at: S3Location,
    last: Mutex<Option<Stored>>,
}

impl S3Store {
    pub(crate) fn new(client: Client, at: S3Location) -> Self {
        Self {
            client,
            at,
            last: Mutex::default(),
        }
    }

    fn last(&self) -> Option<Stored> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, stored: Option<Stored>) -> Option<Stored> {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&stored);
        stored
    }

    fn unreachable<E: ProvideErrorMetadata + std::error::Error + 'static>(&self, error: &SdkError<E>) -> StoreError {
        StoreError::Unreachable {
            place: self.place(),
            reason: reason_of(error),
        }
    }
}

#[async_trait]
impl StateStore for S3Store {
    fn place(&self) -> String {
        self.at.to_string()
    }

    async fn read(&self) -> Result<Option<Stored>, StoreError> {
        let last = self.last();
        let get = self.client.get_object().bucket(&self.at.bucket).key(&self.at.key);
        match get
            .set_if_none_match(last.as_ref().map(|stored| stored.tag.clone()))
            .send()
            .await
        {
            Ok(object) => {
                let tag = object.e_tag().unwrap_or_default().to_owned();
                let body = object.body.collect().await.map_err(|error| StoreError::Unreachable {
                    place: self.place(),
                    reason: error.to_string(),
                })?;
                let state = parse(&body.into_bytes(), &self.place())?;
                Ok(self.keep(Some(Stored { state, tag })))
            }
            Err(error) if status_of(&error) == Some(304) => Ok(last),
            Err(error) if error.code() == Some("NoSuchKey") => Ok(self.keep(None)),
            Err(error) => Err(self.unreachable(&error)),
        }
    }

    async fn write(&self, state: &DesiredState, tag: Option<&str>) -> Result<(), StoreError> {
        let put = self.client.put_object().bucket(&self.at.bucket).key(&self.at.key);
        let put = match tag {
            Some(tag) => put.if_match(tag),
            None => put.if_none_match("*"),
        };
        let sent = put
            .content_type("application/json")
            .body(ByteStream::from(text_of(state)))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            // 409: another conditional write of the same object was under way; 404: it was deleted in between.
            Err(error) if matches!(status_of(&error), Some(404 | 409 | 412)) => Err(StoreError::Conflict(self.place())),
            Err(error) => Err(self.unreachable(&error)),
        }
    }
}
