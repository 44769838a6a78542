//! The bundle's own parity rows as first requests: a session that answered them has its memory, its kernels and no surprises.

use ndarray::{ArrayD, Axis};

use super::errors::LoadError;
use super::feed::EncodedRow;
use super::model::Model;
use crate::bundle::VerifiedBundle;
use crate::npz::{Array, NpzError, read};
use crate::text_encoding::EncodedText;

/// The first and the last parity row: the pipeline wrote them in the order of their length.
pub(crate) fn rows(bundle: &VerifiedBundle) -> Result<Vec<EncodedRow>, NpzError> {
    let arrays = read(&bundle.folder.join(&*bundle.document.parity.inputs))?;
    let count = arrays
        .first()
        .and_then(|(_, array)| array.shape().first().copied())
        .unwrap_or(0);
    let mut picked = vec![0, count.saturating_sub(1)];
    picked.dedup();
    Ok(picked.into_iter().filter_map(|row| row_of(&arrays, row)).collect())
}

/// Runs each row alone. The error says what the model answered instead.
pub(crate) fn warm_up(model: &mut Model, rows: &[EncodedRow]) -> Result<(), LoadError> {
    if rows.is_empty() {
        let reason = "parity/inputs.npz holds no row of input_ids or pixel_values".to_owned();
        return Err(LoadError::WarmUp {
            model: model.file().to_path_buf(),
            reason,
        });
    }
    for row in rows {
        let answered = model
            .predict(&[row])
            .and_then(|predicted| predicted.into_iter().collect::<Result<Vec<_>, _>>());
        answered.map_err(|reason| LoadError::WarmUp {
            model: model.file().to_path_buf(),
            reason,
        })?;
    }
    Ok(())
}

fn row_of(arrays: &[(String, Array)], row: usize) -> Option<EncodedRow> {
    let of = |name: &str| arrays.iter().find(|(other, _)| other == name).map(|(_, array)| array);
    if let Some(Array::Float32(pixels)) = of("pixel_values") {
        return Some(EncodedRow::Picture(line(pixels, row)?));
    }
    let integers = |name: &str| match of(name) {
        Some(Array::Int64(array)) => line(array, row),
        _ => None,
    };
    let ids = integers("input_ids")?;
    let used = integers("attention_mask").map_or(ids.len(), |mask| mask.iter().filter(|&&seen| seen != 0).count());
    let whole = |values: Vec<i64>| {
        values
            .into_iter()
            .take(used)
            .map(|value| u32::try_from(value).ok())
            .collect()
    };
    let type_ids = integers("token_type_ids").map_or_else(|| Some(vec![0; used]), whole)?;
    let ids: Vec<u32> = whole(ids)?;
    (ids.len() == type_ids.len()).then_some(EncodedRow::Text(EncodedText {
        ids,
        type_ids,
        truncated: false,
    }))
}

fn line<T: Clone>(array: &ArrayD<T>, row: usize) -> Option<Vec<T>> {
    let inside = array.shape().first().is_some_and(|&rows| row < rows);
    inside.then(|| array.index_axis(Axis(0), row).iter().cloned().collect())
}
