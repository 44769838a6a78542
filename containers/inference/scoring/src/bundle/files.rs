//! The files of a bundle against its document: exactly those listed, each with its bytes and SHA-256, and the tree hash.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::document::{Bundle, BundledModel};
use super::tree_hash::{hexadecimal, tree_hash};
use super::{BundleError, DOCUMENT};

const READ_BYTES: usize = 256 * 1024;

pub(super) fn verify(folder: &Path, document: &Bundle) -> Result<(), BundleError> {
    let mut listed: BTreeMap<String, (u64, String)> = BTreeMap::new();
    for file in &document.files {
        let entry = (file.bytes.get(), file.sha256.to_string());
        if listed.insert(file.path.to_string(), entry).is_some() {
            return Err(BundleError::ListedTwice {
                path: file.path.to_string(),
            });
        }
    }
    nothing_else_in(folder, "", &listed)?;
    let mut hashes = BTreeMap::new();
    // Sizes first: they cost nothing, and tell a broken download before a gigabyte is hashed.
    for (path, (bytes, _)) in &listed {
        size_of(folder, path, *bytes)?;
    }
    for (path, (_, sha256)) in listed {
        let file = folder.join(&path);
        let found = sha256_of(&file).map_err(|source| BundleError::Unreadable {
            path: file.clone(),
            source,
        })?;
        if found != sha256 {
            return Err(BundleError::Hash {
                path: file,
                found,
                listed: sha256,
            });
        }
        hashes.insert(path, sha256);
    }
    for model in std::iter::once(&document.models.fp32).chain(document.models.int8.as_ref()) {
        model_is_listed_alike(model, &hashes)?;
    }
    let (found, listed) = (tree_hash(&hashes), document.bundle_sha256.to_string());
    if found == listed {
        Ok(())
    } else {
        Err(BundleError::TreeHash { found, listed })
    }
}

/// Walks the folder: a file that nobody listed could be one that onnxruntime picks up beside a model.
fn nothing_else_in(folder: &Path, below: &str, listed: &BTreeMap<String, (u64, String)>) -> Result<(), BundleError> {
    let here = folder.join(below);
    let unreadable = |source| BundleError::Unreadable {
        path: here.clone(),
        source,
    };
    for entry in fs::read_dir(&here).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let kind = entry.file_type().map_err(unreadable)?;
        let Ok(name) = entry.file_name().into_string() else {
            return Err(BundleError::NotListed { path: entry.path() });
        };
        let relative = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        if kind.is_dir() {
            let inside = format!("{relative}/");
            if !listed
                .range(inside.clone()..)
                .next()
                .is_some_and(|(path, _)| path.starts_with(&inside))
            {
                return Err(BundleError::NotListed { path: entry.path() });
            }
            nothing_else_in(folder, &relative, listed)?;
        } else if !kind.is_file() {
            return Err(BundleError::NotAFile { path: entry.path() });
        } else if relative != DOCUMENT && !listed.contains_key(&relative) {
            return Err(BundleError::NotListed { path: entry.path() });
        }
    }
    Ok(())
}

fn size_of(folder: &Path, listed: &str, bytes: u64) -> Result<(), BundleError> {
    let path = folder.join(listed);
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(BundleError::Missing {
            listed: listed.to_owned(),
            path,
        }),
        Err(source) => Err(BundleError::Unreadable { path, source }),
        Ok(found) if !found.is_file() => Err(BundleError::NotAFile { path }),
        Ok(found) if found.len() != bytes => Err(BundleError::Size {
            path,
            found: found.len(),
            listed: bytes,
        }),
        Ok(_) => Ok(()),
    }
}

fn model_is_listed_alike(model: &BundledModel, hashes: &BTreeMap<String, String>) -> Result<(), BundleError> {
    match hashes.get(&*model.file) {
        Some(listed) if *listed != *model.sha256 => Err(BundleError::ModelHash {
            file: model.file.to_string(),
            listed: listed.clone(),
            model: model.sha256.to_string(),
        }),
        _ => Ok(()), // that it is listed was seen when the document was read
    }
}

fn sha256_of(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; READ_BYTES]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hexadecimal(&hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}
