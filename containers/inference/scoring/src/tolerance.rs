//! The parity criterion: `|a - b| <= absolute + relative * |b|` for every element; b is the recorded reference.

/// How far two numbers may be apart. Nothing that is not finite ever passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// In units of the values.
    pub absolute: f64,
    /// As a share of the reference's size.
    pub relative: f64,
}

/// One pair of elements, compared in float64.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Difference {
    /// `|a - b|`, infinite when either is not finite.
    pub(crate) delta: f64,
    /// `delta` as a multiple of what is allowed; above 1, or NaN, is a mismatch.
    pub(crate) ratio: f64,
    /// Whether the pair is further apart than allowed.
    pub(crate) beyond: bool,
}

impl Tolerance {
    pub(crate) fn compare(self, measured: f64, reference: f64) -> Difference {
        if !(measured.is_finite() && reference.is_finite()) {
            return Difference {
                delta: f64::INFINITY,
                ratio: f64::INFINITY,
                beyond: true,
            };
        }
        let delta = (measured - reference).abs();
        let allowed = self.absolute + self.relative * reference.abs();
        // 0 / 0 is a perfect element under a tolerance of zero.
        let ratio = if delta == 0.0 { 0.0 } else { delta / allowed };
        let within = delta <= allowed;
        Difference {
            delta,
            ratio,
            beyond: !within,
        }
    }
}
