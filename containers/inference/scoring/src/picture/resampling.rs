//! Resizing RGB pictures to the bit as Pillow does, which is what models are trained and released with.
//!
//! A library of its own would resize faster and round otherwise: those at hand quantise the filter to 16 bits, Pillow to 22, and a
//! byte that differs by one moves a score beyond the parity gate. So this is Pillow's arithmetic: a separable filter, widened when
//! a picture shrinks, its weights normalised in float64 and rounded to 22 bits, each pass rounded to bytes. Which pass comes first is
//! Pillow 13's choice; before, it was the columns.

use std::f64::consts::PI;

const CHANNELS: usize = 3;
const PRECISION_BITS: u32 = 22;
const HALF: i32 = 1 << (PRECISION_BITS - 1);

/// The filters that a bundle can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resample {
    /// The nearest pixel, no filter.
    Nearest,
    /// A triangle of support 1.
    Bilinear,
    /// Keys' cubic with a = -0.5, of support 2.
    Bicubic,
    /// A sinc windowed by a sinc, of support 3.
    Lanczos,
}

/// 8-bit RGB, row after row without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rgb {
    /// In pixels.
    pub width: usize,
    /// In pixels.
    pub height: usize,
    /// `3 * width * height` bytes.
    pub bytes: Vec<u8>,
}

impl Rgb {
    /// The whole picture at another size, both sides at least 1.
    #[must_use]
    pub fn resized(self, width: usize, height: usize, resample: Resample) -> Self {
        if (self.width, self.height) == (width, height) {
            return self;
        }
        if resample == Resample::Nearest {
            return self.nearest(width, height);
        }
        // Rows come first where they shrink by more than twice what columns do: fewer columns' pixels are left to compute.
        let (lost_rows, lost_columns) = (self.height.saturating_sub(height), self.width.saturating_sub(width));
        let grown_columns = width.saturating_sub(self.width);
        if lost_rows > 0 && lost_rows + 2 * grown_columns > 2 * lost_columns {
            self.with_height(height, resample).with_width(width, resample)
        } else {
            self.with_width(width, resample).with_height(height, resample)
        }
    }

    fn with_width(self, width: usize, resample: Resample) -> Self {
        if self.width == width {
            self
        } else {
            self.columns(&weights(self.width, width, resample))
        }
    }

    fn with_height(self, height: usize, resample: Resample) -> Self {
        if self.height == height {
            self
        } else {
            self.rows(&weights(self.height, height, resample))
        }
    }

    fn nearest(&self, width: usize, height: usize) -> Self {
        let (columns, rows) = (
            nearest_positions(self.width, width),
            nearest_positions(self.height, height),
        );
        let mut bytes = Vec::with_capacity(CHANNELS * width * height);
        for row in rows {
            let line = &self.bytes[CHANNELS * row * self.width..][..CHANNELS * self.width];
            for &column in &columns {
                bytes.extend_from_slice(&line[CHANNELS * column..][..CHANNELS]);
            }
        }
        Self { width, height, bytes }
    }

    fn columns(&self, weights: &[Weights]) -> Self {
        let mut bytes = Vec::with_capacity(CHANNELS * weights.len() * self.height);
        for line in self.bytes.chunks_exact(CHANNELS * self.width) {
            for each in weights {
                let mut sums = [HALF; CHANNELS];
                for (pixel, weight) in line[CHANNELS * each.first..].chunks_exact(CHANNELS).zip(&each.fixed) {
                    for (sum, &byte) in sums.iter_mut().zip(pixel) {
                        *sum += i32::from(byte) * weight;
                    }
                }
                bytes.extend(sums.map(clipped));
            }
        }
        Self {
            width: weights.len(),
            height: self.height,
            bytes,
        }
    }

    fn rows(&self, weights: &[Weights]) -> Self {
        let stride = CHANNELS * self.width;
        let mut bytes = Vec::with_capacity(stride * weights.len());
        let mut sums = vec![HALF; stride];
        for each in weights {
            sums.fill(HALF);
            for (line, weight) in self.bytes[stride * each.first..].chunks_exact(stride).zip(&each.fixed) {
                for (sum, &byte) in sums.iter_mut().zip(line) {
                    *sum += i32::from(byte) * weight;
                }
            }
            bytes.extend(sums.iter().copied().map(clipped));
        }
        Self {
            width: self.width,
            height: weights.len(),
            bytes,
        }
    }
}

/// What one pixel of the result is made of: neighbours from `first` on, each with its weight in 22-bit fixed point.
struct Weights {
    first: usize,
    fixed: Vec<i32>,
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "positions lie within the picture, weights within ±2; truncation is the rounding that is copied"
)]
fn weights(from: usize, to: usize, resample: Resample) -> Vec<Weights> {
    let scale = from as f64 / to as f64;
    let widened = scale.max(1.0);
    let support = resample.support() * widened;
    let shrink = 1.0 / widened;
    (0..to)
        .map(|position| {
            let center = (position as f64 + 0.5) * scale;
            let first = (center - support + 0.5).max(0.0) as usize;
            let end = ((center + support + 0.5) as usize).min(from);
            let mut shares: Vec<f64> = (first..end)
                .map(|at| resample.weight((at as f64 - center + 0.5) * shrink))
                .collect();
            let total: f64 = shares.iter().sum();
            if total != 0.0 {
                for share in &mut shares {
                    *share /= total;
                }
            }
            let fixed = shares
                .into_iter()
                .map(|share| (share * f64::from(1_u32 << PRECISION_BITS) + if share < 0.0 { -0.5 } else { 0.5 }) as i32)
                .collect();
            Weights { first, fixed }
        })
        .collect()
}

impl Resample {
    fn support(self) -> f64 {
        match self {
            Self::Nearest => 0.0,
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
            Self::Lanczos => 3.0,
        }
    }

    fn weight(self, at: f64) -> f64 {
        let away = at.abs();
        match self {
            Self::Bilinear => (1.0 - away).max(0.0),
            Self::Bicubic if away < 1.0 => ((-0.5 + 2.0) * away - (-0.5 + 3.0)) * away * away + 1.0,
            Self::Bicubic if away < 2.0 => (((away - 5.0) * away + 8.0) * away - 4.0) * -0.5,
            Self::Lanczos if (-3.0..3.0).contains(&at) => sinc(at) * sinc(at / 3.0),
            Self::Bicubic | Self::Lanczos | Self::Nearest => 0.0,
        }
    }
}

fn sinc(at: f64) -> f64 {
    if at == 0.0 { 1.0 } else { (at * PI).sin() / (at * PI) }
}

/// Which pixel each position takes. The position is summed up step by step, rounding errors and all, as Pillow does.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "positions lie within the picture; truncation is the rounding that is copied"
)]
fn nearest_positions(from: usize, to: usize) -> Vec<usize> {
    let step = from as f64 / to as f64;
    let mut at = step * 0.5;
    (0..to)
        .map(|_| {
            let taken = (at as usize).min(from - 1);
            at += step;
            taken
        })
        .collect()
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a byte"
)]
fn clipped(sum: i32) -> u8 {
    (sum >> PRECISION_BITS).clamp(0, 255) as u8
}
