//! The onnxruntime library: found, of the right version, loaded. Checked before a service starts, so that a wrong library is a
//! sentence at the start and never a crash later.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use object::elf::FileHeader64;
use object::read::ReadCache;
use object::read::elf::ElfFile;
use object::{Endianness, ReadRef};
use ort::environment::Environment;
use thiserror::Error;

/// The minor version whose API the binary was built for. An older library lacks functions, a newer one may score otherwise.
const SUPPORTED: &str = "1.31";
const REMEDY: &str = "Set ORT_DYLIB_PATH to libonnxruntime.so of onnxruntime 1.31 for this machine";

/// The library that this process loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeInfo {
    /// Such as `1.31.1`.
    pub version: String,
    /// Where it was loaded from, absolute and without symbolic links.
    pub path: PathBuf,
}

/// Why there is no onnxruntime to score with; each says in one sentence what to do.
#[derive(Debug, Error)]
#[allow(missing_docs)]
pub enum RuntimeLibraryError {
    #[error("{REMEDY}: {} cannot be read ({source}).", .path.display())]
    Missing { path: PathBuf, source: std::io::Error },
    #[error("{REMEDY}: {} is no onnxruntime library for 64-bit Linux ({reason}).", .path.display())]
    NotOnnxruntime { path: PathBuf, reason: String },
    #[error("{REMEDY}: {} is onnxruntime {found}.", .path.display())]
    WrongVersion { path: PathBuf, found: String },
    #[error("{REMEDY}: {} does not load ({reason}).", .path.display())]
    DoesNotLoad { path: PathBuf, reason: String },
    #[error("Restart to use {}: this process has loaded {} already, and a process loads one.", .wanted.display(), .loaded.display())]
    AnotherIsLoaded { loaded: PathBuf, wanted: PathBuf },
    #[error("Call RuntimeLibrary::ensure_loaded before a model is opened: no onnxruntime is loaded yet.")]
    NotLoaded,
}

/// The one onnxruntime library of this process.
pub struct RuntimeLibrary;

struct Loaded {
    info: RuntimeInfo,
    environment: Environment,
}

// onnxruntime has one environment a process, and it must outlive every session: kept until the process ends.
static LOADED: Mutex<Option<Loaded>> = Mutex::new(None);

impl RuntimeLibrary {
    /// Loads the library at `path`, once a process; called again with the same file it only answers.
    ///
    /// # Errors
    /// When the file is missing, no onnxruntime, of another version than 1.31, or does not load; when another one is loaded.
    pub fn ensure_loaded(path: &Path) -> Result<RuntimeInfo, RuntimeLibraryError> {
        let missing = |source| RuntimeLibraryError::Missing {
            path: path.to_path_buf(),
            source,
        };
        let real = path.canonicalize().map_err(missing)?;
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = loaded.as_ref().filter(|there| there.info.path == real) {
            return Ok(there.info.clone());
        }
        // The version is read out of the file: loading a library runs its initialisers.
        let version = version_in(&real, File::open(&real).map_err(missing)?)?;
        if !version
            .strip_prefix(SUPPORTED)
            .is_some_and(|rest| rest.starts_with('.'))
        {
            return Err(RuntimeLibraryError::WrongVersion {
                path: real,
                found: version,
            });
        }
        if let Some(there) = loaded.as_ref() {
            return Err(RuntimeLibraryError::AnotherIsLoaded {
                loaded: there.info.path.clone(),
                wanted: real,
            });
        }
        let does_not_load = |reason: String| RuntimeLibraryError::DoesNotLoad {
            path: real.clone(),
            reason: one_line(&reason),
        };
        let environment = ort::init_from(&real)
            .map_err(|error| does_not_load(error.to_string()))?
            .with_name("spotforge")
            .with_telemetry(false)
            .build()
            .map_err(|error| does_not_load(error.to_string()))?;
        let info = RuntimeInfo {
            version,
            path: real.clone(),
        };
        *loaded = Some(Loaded {
            info: info.clone(),
            environment,
        });
        Ok(info)
    }
}

/// The environment that sessions are made in.
pub(crate) fn environment() -> Result<Environment, RuntimeLibraryError> {
    let loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    loaded
        .as_ref()
        .map(|there| there.environment.clone())
        .ok_or(RuntimeLibraryError::NotLoaded)
}

/// onnxruntime versions its symbols: the library defines `VERS_1.31.1`.
fn version_in(path: &Path, file: File) -> Result<String, RuntimeLibraryError> {
    let not_onnxruntime = |reason: &str| RuntimeLibraryError::NotOnnxruntime {
        path: path.to_path_buf(),
        reason: one_line(reason),
    };
    let cache = ReadCache::new(file);
    match defined_versions(&cache) {
        Ok(names) => names
            .into_iter()
            .find_map(|name| name.strip_prefix("VERS_").map(str::to_owned))
            .ok_or_else(|| not_onnxruntime("it defines no version VERS_x.y.z")),
        Err(error) => Err(not_onnxruntime(&error.to_string())),
    }
}

fn defined_versions<'data>(data: impl ReadRef<'data>) -> object::Result<Vec<String>> {
    let file = ElfFile::<FileHeader64<Endianness>, _>::parse(data)?;
    let (endian, sections) = (file.endian(), file.elf_section_table());
    let Some((mut definitions, strings)) = sections.gnu_verdef(endian, data)? else {
        return Ok(Vec::new());
    };
    let strings = sections.strings(endian, data, strings)?;
    let mut names = Vec::new();
    while let Some((_, mut auxiliaries)) = definitions.next()? {
        while let Some(auxiliary) = auxiliaries.next()? {
            names.push(String::from_utf8_lossy(auxiliary.name(endian, strings)?).into_owned());
        }
    }
    Ok(names)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
