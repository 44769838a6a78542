//! Versions under a prefix of S3, fetched into a cache folder.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use aws_sdk_s3::Client;
use sha2::{Digest, Sha256};
use spotforge_scoring::bundle::DOCUMENT;

use super::s3_download::{Bundled, Download, MAX_DOCUMENT_BYTES};
use super::{SourceError, version_name, version_named};
use crate::aws::{S3Location, reason_of, status_of};

/// `s3://bucket/{prefix}{version}/bundle.json`.
pub(crate) struct S3Source {
    client: Client,
    /// The prefix; its key ends with `/`, or is empty.
    root: S3Location,
    cache: PathBuf,
}

impl S3Source {
    /// Looks under `prefix/tenant/name/` when a model is given and the prefix does not end with it already.
    pub(crate) fn new(client: Client, mut root: S3Location, model: Option<&str>, cache: PathBuf) -> Self {
        if !root.key.is_empty() && !root.key.ends_with('/') {
            root.key.push('/');
        }
        if let Some(model) = model
            .map(|model| format!("{model}/"))
            .filter(|model| !root.key.ends_with(model))
        {
            root.key.push_str(&model);
        }
        Self { client, root, cache }
    }

    pub(crate) async fn newest(&self) -> Result<u64, SourceError> {
        let mut versions = self.versions().await?;
        versions.sort_unstable();
        while let Some(version) = versions.pop() {
            // A bundle whose document is not there yet does not exist: it is being released.
            if self.has(version).await? {
                return Ok(version);
            }
        }
        Err(SourceError::Empty {
            place: self.root.to_string(),
        })
    }

    pub(crate) async fn has(&self, version: u64) -> Result<bool, SourceError> {
        let at = self.at(version, DOCUMENT);
        match self.client.head_object().bucket(&at.bucket).key(&at.key).send().await {
            Ok(_) => Ok(true),
            Err(error) if status_of(&error) == Some(404) => Ok(false),
            Err(error) => Err(unreachable(&at, reason_of(&error))),
        }
    }

    /// Fetches what the cache does not hold. Several processes may share the cache: one downloads, the others wait for it.
    pub(crate) async fn fetch(&self, version: u64) -> Result<PathBuf, SourceError> {
        let document = self.document(version).await?;
        let bundled = Bundled::parse(&document, &self.at(version, DOCUMENT))?;
        let name = format!("{version}-{}", &hex(&Sha256::digest(&document))[..16]);
        let folder = self.cache.join(&name);
        if folder.join(DOCUMENT).is_file() {
            return Ok(folder);
        }
        let failed = |error: io::Error| SourceError::Cache {
            folder: self.cache.clone(),
            reason: error.to_string(),
        };
        let _lock = lock(self.cache.join(format!("{name}.lock"))).await.map_err(failed)?;
        if folder.join(DOCUMENT).is_file() {
            return Ok(folder);
        }
        let partial = self.cache.join(format!("{name}.partial"));
        let download = Download {
            client: &self.client,
            from: self.at(version, ""),
            to: &partial,
        };
        download.run(bundled).await?;
        settle(&partial, &folder, &document).map_err(failed)?;
        Ok(folder)
    }

    fn at(&self, version: u64, path: &str) -> S3Location {
        let S3Location { bucket, key } = &self.root;
        S3Location {
            bucket: bucket.clone(),
            key: format!("{key}{}/{path}", version_name(version)),
        }
    }

    async fn versions(&self) -> Result<Vec<u64>, SourceError> {
        let list = self
            .client
            .list_objects_v2()
            .bucket(&self.root.bucket)
            .prefix(&self.root.key)
            .delimiter("/");
        let mut pages = list.into_paginator().send();
        let mut versions = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| unreachable(&self.root, reason_of(&error)))?;
            let folders = page.common_prefixes().iter().filter_map(|common| common.prefix());
            versions.extend(
                folders.filter_map(|folder| {
                    version_named(folder.strip_prefix(self.root.key.as_str())?.strip_suffix('/')?)
                }),
            );
        }
        Ok(versions)
    }

    async fn document(&self, version: u64) -> Result<Vec<u8>, SourceError> {
        let at = self.at(version, DOCUMENT);
        let object = match self.client.get_object().bucket(&at.bucket).key(&at.key).send().await {
            Ok(object) => object,
            Err(error) if status_of(&error) == Some(404) => {
                return Err(SourceError::NoSuchVersion {
                    version,
                    place: self.root.to_string(),
                });
            }
            Err(error) => return Err(unreachable(&at, reason_of(&error))),
        };
        if object.content_length().is_none_or(|bytes| bytes > MAX_DOCUMENT_BYTES) {
            let reason = format!("it has more than {MAX_DOCUMENT_BYTES} bytes");
            return Err(SourceError::Broken {
                place: at.to_string(),
                reason,
            });
        }
        let body = object
            .body
            .collect()
            .await
            .map_err(|error| unreachable(&at, error.to_string()))?;
        Ok(body.to_vec())
    }
}

fn unreachable(at: &S3Location, reason: String) -> SourceError {
    SourceError::Unreachable {
        place: at.to_string(),
        reason,
    }
}

/// Held until the file is dropped. Waits on a blocking thread.
async fn lock(path: PathBuf) -> io::Result<File> {
    tokio::task::spawn_blocking(move || {
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        let file = File::create(path)?;
        file.lock()?;
        Ok(file)
    })
    .await?
}

/// Gives a complete download its name. The document comes last: without it the folder is no bundle.
fn settle(partial: &Path, folder: &Path, document: &[u8]) -> io::Result<()> {
    fs::write(partial.join(DOCUMENT), document)?;
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::rename(partial, folder)
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
