//! One hash for a folder.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// SHA-256 over the lines `{sha256}  {relative path}`, sorted bytewise by path; in lower-case hexadecimal.
pub(crate) fn tree_hash(files: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    for (path, sha256) in files {
        hash.update(format!("{sha256}  {path}\n"));
    }
    hexadecimal(&hash.finalize())
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let _ = write!(text, "{byte:02x}"); // a String takes whatever is written
            text
        })
}
