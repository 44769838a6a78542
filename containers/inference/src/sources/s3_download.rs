//! The files of one bundle, in parallel, each held against the hash that the bundle's document lists.

use std::collections::VecDeque;
use std::path::{Component, Path, PathBuf};

use aws_sdk_s3::Client;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use super::SourceError;
use super::s3_prefix::hex;
use crate::aws::{S3Location, reason_of};

/// A document of a few kilobytes.
pub(super) const MAX_DOCUMENT_BYTES: i64 = 4 * 1024 * 1024;
/// More than any bundle of this product: nobody's document fills the disk.
const MAX_BUNDLE_BYTES: u64 = 8 * 1024 * 1024 * 1024;
/// A bundle has two large files and a few small ones; S3 gives each connection some 100 MB/s.
const AT_ONCE: usize = 4;
const READ_BYTES: usize = 256 * 1024;

/// As much of `bundle.json` as a download needs; all of it is verified when the bundle is loaded.
#[derive(Deserialize)]
pub(super) struct Bundled {
    files: Vec<BundledFile>,
}

#[derive(Clone, Deserialize)]
struct BundledFile {
    path: String,
    bytes: u64,
    sha256: String,
}

impl Bundled {
    /// Refuses paths that leave the folder, and sizes that no bundle has.
    pub(super) fn parse(document: &[u8], at: &S3Location) -> Result<Self, SourceError> {
        let broken = |reason: String| SourceError::Broken {
            place: at.to_string(),
            reason,
        };
        let bundled: Self = serde_json::from_slice(document).map_err(|error| broken(error.to_string()))?;
        let stays = |path: &str| {
            !path.is_empty()
                && Path::new(path)
                    .components()
                    .all(|part| matches!(part, Component::Normal(_)))
        };
        if let Some(file) = bundled.files.iter().find(|file| !stays(&file.path)) {
            return Err(broken(format!("the path {:?} leaves the bundle", file.path)));
        }
        let bytes = bundled
            .files
            .iter()
            .fold(0u64, |sum, file| sum.saturating_add(file.bytes));
        if bytes > MAX_BUNDLE_BYTES {
            return Err(broken(format!(
                "it lists {bytes} bytes; at most {MAX_BUNDLE_BYTES} are fetched"
            )));
        }
        Ok(bundled)
    }
}

/// One bundle on its way.
pub(super) struct Download<'a> {
    pub(super) client: &'a Client,
    /// The version's prefix, which ends with `/`.
    pub(super) from: S3Location,
    /// Where an earlier attempt may have left files: those that are whole are kept, the others overwritten.
    pub(super) to: &'a Path,
}

impl Download<'_> {
    pub(super) async fn run(&self, bundled: Bundled) -> Result<(), SourceError> {
        let mut waiting = VecDeque::from(bundled.files);
        let mut running = JoinSet::new();
        loop {
            while running.len() < AT_ONCE
                && let Some(file) = waiting.pop_front()
            {
                let from = S3Location {
                    key: format!("{}{}", self.from.key, file.path),
                    ..self.from.clone()
                };
                running.spawn(fetch(self.client.clone(), from, self.to.join(&file.path), file));
            }
            match running.join_next().await {
                None => return Ok(()),
                Some(Ok(outcome)) => outcome?,
                Some(Err(error)) => {
                    return Err(SourceError::Unreachable {
                        place: self.from.to_string(),
                        reason: error.to_string(),
                    });
                }
            }
        }
    }
}

/// Under another name first, so that a file under its own name is whole.
async fn fetch(client: Client, from: S3Location, to: PathBuf, file: BundledFile) -> Result<(), SourceError> {
    let failed = |error: std::io::Error| SourceError::Cache {
        folder: to.clone(),
        reason: error.to_string(),
    };
    if is_whole(&to, &file).await {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).await.map_err(failed)?;
    }
    let unreachable = |reason: String| SourceError::Unreachable {
        place: from.to_string(),
        reason,
    };
    let got = client.get_object().bucket(&from.bucket).key(&from.key).send().await;
    let mut body = got.map_err(|error| unreachable(reason_of(&error)))?.body;
    let mut part = to.clone().into_os_string();
    part.push(".part");
    let mut written = File::create(&part).await.map_err(failed)?;
    let (mut hash, mut bytes) = (Sha256::new(), 0u64);
    while let Some(chunk) = body.try_next().await.map_err(|error| unreachable(error.to_string()))? {
        bytes += chunk.len() as u64;
        if bytes > file.bytes {
            break;
        }
        hash.update(&chunk);
        written.write_all(&chunk).await.map_err(failed)?;
    }
    written.flush().await.map_err(failed)?;
    let found = hex(&hash.finalize());
    if bytes != file.bytes || found != file.sha256 {
        let reason = format!(
            "{bytes} bytes with the SHA-256 {found} came, {} with {} are listed",
            file.bytes, file.sha256
        );
        return Err(SourceError::Broken {
            place: from.to_string(),
            reason,
        });
    }
    fs::rename(&part, &to).await.map_err(failed)
}

async fn is_whole(path: &Path, listed: &BundledFile) -> bool {
    match fs::metadata(path).await {
        Ok(found) if found.is_file() && found.len() == listed.bytes => {}
        _ => return false,
    }
    sha256_of(path).await.is_ok_and(|found| found == listed.sha256)
}

async fn sha256_of(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path).await?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; READ_BYTES]);
    loop {
        match file.read(&mut buffer).await? {
            0 => return Ok(hex(&hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_whose_paths_leave_the_folder_fetches_nothing() {
        let at = S3Location {
            bucket: "b".to_owned(),
            key: "k".to_owned(),
        };
        for path in ["../x", "/etc/passwd", "a/../../x", "", "."] {
            let document = format!(r#"{{"files": [{{"path": {path:?}, "bytes": 1, "sha256": ""}}]}}"#);
            assert!(Bundled::parse(document.as_bytes(), &at).is_err(), "{path}");
        }
        assert!(
            Bundled::parse(
                br#"{"files": [{"path": "onnx/model.onnx", "bytes": 1, "sha256": ""}]}"#,
                &at
            )
            .is_ok()
        );
        let huge = br#"{"files": [{"path": "a", "bytes": 18446744073709551615, "sha256": ""}, {"path": "b", "bytes": 9, "sha256": ""}]}"#;
        assert!(Bundled::parse(huge, &at).is_err());
    }
}
