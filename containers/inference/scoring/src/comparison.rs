//! Two runtimes' answers to the same inputs: names, then dtypes and shapes, then values, and every mismatch with its largest
//! difference. A mismatch hides no other: what can still be compared is compared.

use serde::Serialize;

use crate::npz::Array;
use crate::tolerance::Tolerance;

const WORST_ELEMENTS: usize = 10;

/// In which way an output is not the recorded one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum MismatchKind {
    /// It was recorded, and the model does not give it.
    Missing,
    /// The model gives it, and the bundle does not list it.
    Unexpected,
    /// It is of another dtype.
    Dtype,
    /// It is of another shape.
    Shape,
    /// Some of its values are further apart than allowed.
    Values,
}

/// An element that is further apart than allowed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorstElement {
    /// By axis, the row first.
    pub index: Vec<usize>,
    /// What this runtime gave; null in JSON when it is not finite.
    pub measured: f64,
    /// What was recorded.
    pub expected: f64,
    /// `|measured - expected|`.
    pub delta: f64,
    /// `delta` as a multiple of what is allowed.
    pub ratio: f64,
}

/// One way in which an output is not the recorded one. Counts and elements only where values could be compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Mismatch {
    /// What kind of.
    pub kind: MismatchKind,
    /// The output's name.
    pub output: String,
    /// In a sentence.
    pub says: String,
    /// How many elements; 0 unless values could be compared.
    pub count: usize,
    /// The furthest beyond their tolerance first.
    pub worst: Vec<WorstElement>,
}

/// What a comparison found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Compared {
    /// In the order missing, unexpected, dtype, shape, values.
    pub(crate) mismatches: Vec<Mismatch>,
    /// How many values were compared.
    pub(crate) elements: usize,
    /// The largest `|measured - expected|`.
    pub(crate) max_abs: f64,
    /// The largest difference as a multiple of what is allowed.
    pub(crate) max_ratio: f64,
}

/// `listed` are the outputs that the model may have beyond those recorded.
pub(crate) fn compare(
    expected: &[(String, Array)],
    measured: &[(String, Array)],
    listed: &[String],
    tolerance: Tolerance,
) -> Compared {
    let mut found = Compared::default();
    let mut note = |kind, output: &str, says: String| {
        found.mismatches.push(Mismatch {
            kind,
            output: output.to_owned(),
            says,
            count: 0,
            worst: Vec::new(),
        });
    };
    let measured_of = |name: &str| measured.iter().find(|(other, _)| other == name).map(|(_, array)| array);
    for (name, _) in expected.iter().filter(|(name, _)| measured_of(name).is_none()) {
        note(MismatchKind::Missing, name, format!("the output {name} is missing"));
    }
    for (name, _) in measured {
        if !listed.contains(name) && !expected.iter().any(|(other, _)| other == name) {
            note(
                MismatchKind::Unexpected,
                name,
                format!("there is an output {name} that nobody expects"),
            );
        }
    }
    let shared: Vec<_> = expected
        .iter()
        .filter_map(|(name, array)| measured_of(name).map(|found| (name, found, array)))
        .collect();
    for (name, measured, expected) in &shared {
        if measured.dtype() != expected.dtype() {
            let says = format!("{name} is {} instead of {}", measured.dtype(), expected.dtype());
            note(MismatchKind::Dtype, name, says);
        }
    }
    for (name, measured, expected) in &shared {
        if measured.shape() != expected.shape() {
            let says = format!(
                "{name} has the shape {:?} instead of {:?}",
                measured.shape(),
                expected.shape()
            );
            note(MismatchKind::Shape, name, says);
        }
    }
    for (name, measured, expected) in shared {
        if measured.shape() == expected.shape() {
            values(name, measured, expected, tolerance, &mut found);
        }
    }
    found
}

fn values(name: &str, measured: &Array, expected: &Array, tolerance: Tolerance, found: &mut Compared) {
    let (measured, reference) = (measured.to_doubles(), expected.to_doubles());
    let (mut beyond, mut largest) = (Vec::new(), 0.0_f64);
    for (at, (&a, &b)) in measured.iter().zip(&reference).enumerate() {
        let difference = tolerance.compare(a, b);
        largest = largest.max(difference.delta);
        found.max_ratio = found.max_ratio.max(difference.ratio);
        if difference.beyond {
            beyond.push((at, difference));
        }
    }
    found.elements += measured.len();
    found.max_abs = found.max_abs.max(largest);
    if beyond.is_empty() {
        return;
    }
    let count = beyond.len();
    beyond.sort_by(|(_, one), (_, other)| other.ratio.total_cmp(&one.ratio));
    let worst: Vec<_> = beyond
        .into_iter()
        .take(WORST_ELEMENTS)
        .map(|(at, difference)| WorstElement {
            index: index_of(at, expected.shape()),
            measured: measured[at],
            expected: reference[at],
            delta: difference.delta,
            ratio: difference.ratio,
        })
        .collect();
    let says = format!(
        "{name}: {count} of {} values differ, by {largest:.3e} at most; the furthest beyond its tolerance is {:?}: {} instead of {}",
        measured.len(),
        worst[0].index,
        worst[0].measured,
        worst[0].expected,
    );
    found.mismatches.push(Mismatch {
        kind: MismatchKind::Values,
        output: name.to_owned(),
        says,
        count,
        worst,
    });
}

/// The index by axis of an element in row-major order.
fn index_of(at: usize, shape: &[usize]) -> Vec<usize> {
    let mut rest = at;
    let mut index: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&length| {
            let of_axis = rest % length.max(1);
            rest /= length.max(1);
            of_axis
        })
        .collect();
    index.reverse();
    index
}
