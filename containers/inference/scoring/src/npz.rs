//! Archives of named arrays, as numpy writes and reads them, whatever their dtype.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use ndarray::{ArrayD, OwnedRepr};
use ndarray_npy::{NpzReader, NpzWriter, ReadNpyError, ReadNpzError};
use ort::session::SessionInputValue;
use ort::value::{DynValue, Tensor, TensorElementType};
use thiserror::Error;

/// Why an archive of arrays could not be read or written.
#[derive(Debug, Error)]
#[allow(missing_docs)]
pub enum NpzError {
    #[error("{} cannot be read as an npz archive: {reason}.", .path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("{}: the array {name} has a dtype that is not among bool, int8 … int64, uint8 … uint64, float32, float64 ({reason}).", .path.display())]
    Dtype {
        path: PathBuf,
        name: String,
        reason: String,
    },
    #[error("{} cannot be written: {reason}.", .path.display())]
    Unwritable { path: PathBuf, reason: String },
}

/// An array of any of the dtypes that numpy and onnxruntime share here.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Array {
    Bool(ArrayD<bool>),
    Int8(ArrayD<i8>),
    Int16(ArrayD<i16>),
    Int32(ArrayD<i32>),
    Int64(ArrayD<i64>),
    Uint8(ArrayD<u8>),
    Uint16(ArrayD<u16>),
    Uint32(ArrayD<u32>),
    Uint64(ArrayD<u64>),
    Float32(ArrayD<f32>),
    Float64(ArrayD<f64>),
}

/// Does the same to an array of whatever dtype.
macro_rules! with_array {
    ($self:expr, $array:ident => $body:expr) => {
        match $self {
            Array::Bool($array) => $body,
            Array::Int8($array) => $body,
            Array::Int16($array) => $body,
            Array::Int32($array) => $body,
            Array::Int64($array) => $body,
            Array::Uint8($array) => $body,
            Array::Uint16($array) => $body,
            Array::Uint32($array) => $body,
            Array::Uint64($array) => $body,
            Array::Float32($array) => $body,
            Array::Float64($array) => $body,
        }
    };
}

impl Array {
    pub(crate) fn shape(&self) -> &[usize] {
        with_array!(self, array => array.shape())
    }

    /// As numpy names it.
    pub(crate) fn dtype(&self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::Int8(_) => "int8",
            Self::Int16(_) => "int16",
            Self::Int32(_) => "int32",
            Self::Int64(_) => "int64",
            Self::Uint8(_) => "uint8",
            Self::Uint16(_) => "uint16",
            Self::Uint32(_) => "uint32",
            Self::Uint64(_) => "uint64",
            Self::Float32(_) => "float32",
            Self::Float64(_) => "float64",
        }
    }

    /// Every element in row-major order.
    #[allow(clippy::cast_precision_loss, reason = "for comparing, as numpy does")]
    pub(crate) fn to_doubles(&self) -> Vec<f64> {
        match self {
            Self::Bool(array) => array.iter().map(|&value| f64::from(u8::from(value))).collect(),
            Self::Int8(array) => array.iter().map(|&value| f64::from(value)).collect(),
            Self::Int16(array) => array.iter().map(|&value| f64::from(value)).collect(),
            Self::Int32(array) => array.iter().map(|&value| f64::from(value)).collect(),
            Self::Int64(array) => array.iter().map(|&value| value as f64).collect(),
            Self::Uint8(array) => array.iter().map(|&value| f64::from(value)).collect(),
            Self::Uint16(array) => array.iter().map(|&value| f64::from(value)).collect(),
            Self::Uint32(array) => array.iter().map(|&value| f64::from(value)).collect(),
            Self::Uint64(array) => array.iter().map(|&value| value as f64).collect(),
            Self::Float32(array) => array.iter().map(|&value| f64::from(value)).collect(),
            Self::Float64(array) => array.iter().copied().collect(),
        }
    }

    pub(crate) fn into_input(self) -> ort::Result<SessionInputValue<'static>> {
        with_array!(self, array => Ok(Tensor::from_array(array)?.into()))
    }

    /// The error names the dtype that has no place here.
    pub(crate) fn from_output(value: &DynValue) -> Result<Self, String> {
        let Some(element) = value.dtype().tensor_type() else {
            return Err(format!("{:?} instead of a tensor", value.dtype()));
        };
        let array = match element {
            TensorElementType::Bool => value.try_extract_array().map(|view| Self::Bool(view.into_owned())),
            TensorElementType::Int8 => value.try_extract_array().map(|view| Self::Int8(view.into_owned())),
            TensorElementType::Int16 => value.try_extract_array().map(|view| Self::Int16(view.into_owned())),
            TensorElementType::Int32 => value.try_extract_array().map(|view| Self::Int32(view.into_owned())),
            TensorElementType::Int64 => value.try_extract_array().map(|view| Self::Int64(view.into_owned())),
            TensorElementType::Uint8 => value.try_extract_array().map(|view| Self::Uint8(view.into_owned())),
            TensorElementType::Uint16 => value.try_extract_array().map(|view| Self::Uint16(view.into_owned())),
            TensorElementType::Uint32 => value.try_extract_array().map(|view| Self::Uint32(view.into_owned())),
            TensorElementType::Uint64 => value.try_extract_array().map(|view| Self::Uint64(view.into_owned())),
            TensorElementType::Float32 => value.try_extract_array().map(|view| Self::Float32(view.into_owned())),
            TensorElementType::Float64 => value.try_extract_array().map(|view| Self::Float64(view.into_owned())),
            other => return Err(format!("{other:?}, which numpy has no dtype for here")),
        };
        array.map_err(|error| error.to_string())
    }
}

/// Every array of the archive by its name, in the archive's order.
pub(crate) fn read(path: &Path) -> Result<Vec<(String, Array)>, NpzError> {
    let unreadable = |reason: String| NpzError::Unreadable {
        path: path.to_path_buf(),
        reason,
    };
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let mut archive = NpzReader::new(BufReader::new(file)).map_err(|error| unreadable(error.to_string()))?;
    let names = archive.names().map_err(|error| unreadable(error.to_string()))?;
    let mut arrays = Vec::with_capacity(names.len());
    for (index, name) in names.into_iter().enumerate() {
        let array = one(&mut archive, index).map_err(|error| match error {
            ReadNpzError::Npy(ReadNpyError::WrongDescriptor(dtype)) => NpzError::Dtype {
                path: path.to_path_buf(),
                name: name.clone(),
                reason: dtype.to_string(),
            },
            other => unreadable(format!("the array {name}: {other}")),
        })?;
        arrays.push((name, array));
    }
    Ok(arrays)
}

/// An npy header is read with the dtype that one expects: the likely ones first.
fn one(archive: &mut NpzReader<BufReader<File>>, index: usize) -> Result<Array, ReadNpzError> {
    macro_rules! first_of {
        ($($variant:ident),+) => {{
            $(match archive.by_index::<OwnedRepr<_>, _>(index) {
                Ok(array) => return Ok(Array::$variant(array)),
                Err(ReadNpzError::Npy(ReadNpyError::WrongDescriptor(_))) => {}
                Err(other) => return Err(other),
            })+
        }};
    }
    first_of!(Int64, Float32, Int32, Float64, Uint8, Bool, Int8, Int16, Uint16, Uint32);
    archive.by_index::<OwnedRepr<u64>, _>(index).map(Array::Uint64)
}

/// Uncompressed: an archive of outputs is read once and thrown away.
pub(crate) fn write(path: &Path, arrays: &[(String, Array)]) -> Result<(), NpzError> {
    let unwritable = |reason: String| NpzError::Unwritable {
        path: path.to_path_buf(),
        reason,
    };
    let file = File::create(path).map_err(|error| unwritable(error.to_string()))?;
    let mut archive = NpzWriter::new(BufWriter::new(file));
    for (name, array) in arrays {
        with_array!(array, array => archive.add_array(name.as_str(), array))
            .map_err(|error| unwritable(error.to_string()))?;
    }
    let mut written = archive.finish().map_err(|error| unwritable(error.to_string()))?;
    written.flush().map_err(|error| unwritable(error.to_string()))
}
