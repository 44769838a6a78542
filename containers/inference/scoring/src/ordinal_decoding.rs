//! How a model's logits become a class, a score and probabilities, by its head (`decode` of the bundle).
//!
//! A model of K classes has K-1 logits, with the head `cross-entropy` K:
//!
//! - `cumulative-link` (`McCullagh` 1980) and `coral` (Cao et al. 2020): sigmoid(logit\[k\]) = P(y > k);
//! - `corn` (Shi et al. 2021): sigmoid(logit\[k\]) = P(y > k | y > k-1);
//! - `cross-entropy`: softmax(logits)\[c\] = P(y = c).

use crate::bundle::BundleHead;

/// The decoded logits of one row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decoded {
    /// The median class, which minimises the expected absolute error.
    pub(crate) class_index: usize,
    /// The sum of all `P(y > k)`: E\[y\] in classes.
    pub(crate) expected_score: f64,
    /// `P(y = c)`, K of them.
    pub(crate) probabilities: Vec<f64>,
}

/// How many logits a model of `classes` classes has.
pub(crate) fn logits_of(classes: usize, head: BundleHead) -> usize {
    match head {
        BundleHead::CrossEntropy => classes,
        BundleHead::CumulativeLink | BundleHead::Coral | BundleHead::Corn => classes.saturating_sub(1),
    }
}

/// Decodes one row of finite logits.
pub(crate) fn decode(logits: &[f32], head: BundleHead) -> Decoded {
    let above = exceedance(logits, head);
    let bounds = std::iter::once(1.0)
        .chain(above.iter().copied())
        .chain(std::iter::once(0.0));
    let probabilities = bounds.clone().zip(bounds.skip(1)).map(|(from, to)| from - to).collect();
    Decoded {
        class_index: above.iter().filter(|&&share| share > 0.5).count(),
        expected_score: above.iter().sum(),
        probabilities,
    }
}

/// A score in classes on the scale of the labels' values: linear between neighbours, constant beyond the ends.
pub(crate) fn on_scale(score: f64, values: &[f64]) -> f64 {
    let mut at = 0.0;
    for pair in values.windows(2) {
        if score < at + 1.0 {
            return pair[0] + (pair[1] - pair[0]) * (score - at).max(0.0);
        }
        at += 1.0;
    }
    values.last().copied().unwrap_or(f64::NAN)
}

/// `P(y > k)` for `k = 0 … K-2`, in float64 and without overflow for any finite logit.
fn exceedance(logits: &[f32], head: BundleHead) -> Vec<f64> {
    match head {
        BundleHead::CrossEntropy => {
            let largest = logits.iter().copied().map(f64::from).fold(f64::NEG_INFINITY, f64::max);
            let weights: Vec<f64> = logits.iter().map(|&logit| (f64::from(logit) - largest).exp()).collect();
            let total: f64 = weights.iter().sum();
            let mut above: Vec<f64> = weights
                .iter()
                .skip(1)
                .rev()
                .scan(0.0, |sum, weight| {
                    *sum += weight / total;
                    Some(*sum)
                })
                .collect();
            above.reverse();
            above
        }
        BundleHead::Corn => logits
            .iter()
            .scan(1.0, |product, &logit| {
                *product *= sigmoid(f64::from(logit));
                Some(*product)
            })
            .collect(),
        BundleHead::CumulativeLink | BundleHead::Coral => {
            logits.iter().map(|&logit| sigmoid(f64::from(logit))).collect()
        }
    }
}

fn sigmoid(logit: f64) -> f64 {
    let decay = (-logit.abs()).exp();
    if logit >= 0.0 {
        1.0 / (1.0 + decay)
    } else {
        decay / (1.0 + decay)
    }
}

#[cfg(test)]
mod tests;
