//! How a picture's bytes become the numbers that a model sees (`image` of the bundle), equal to what it was trained with.

mod decoding;
mod resampling;

use crate::bundle::{BundledImage, BundledImageResample};

pub use decoding::{MAX_PIXELS, PictureError, decode};
pub use resampling::{Resample, Rgb};

const COLOURS: usize = 3;

/// Size, filter and normalisation of a bundle.
#[derive(Clone, Debug)]
pub struct PictureRules {
    /// In pixels.
    pub width: usize,
    /// In pixels.
    pub height: usize,
    /// The filter of the resize.
    pub resample: Resample,
    /// Factor of the bytes 0 … 255, before mean and std of each colour.
    pub rescale: f32,
    /// By colour: red, green, blue.
    pub mean: [f32; COLOURS],
    /// By colour: red, green, blue.
    pub std: [f32; COLOURS],
}

impl PictureRules {
    /// float32, shape (3, height, width), of a PNG or JPEG.
    ///
    /// # Errors
    /// When the bytes are no readable PNG or JPEG, or hold more than [`MAX_PIXELS`].
    pub fn pixels(&self, file: &[u8]) -> Result<Vec<f32>, PictureError> {
        let picture = decode(file)?.resized(self.width, self.height, self.resample);
        let mut planes = Vec::with_capacity(COLOURS * self.width * self.height);
        for (colour, (mean, std)) in self.mean.iter().zip(self.std).enumerate() {
            let of_colour = picture.bytes.iter().skip(colour).step_by(COLOURS);
            planes.extend(of_colour.map(|&byte| (f32::from(byte) * self.rescale - mean) / std));
        }
        Ok(planes)
    }
}

#[allow(clippy::cast_possible_truncation, reason = "float32, as in training")]
impl TryFrom<&BundledImage> for PictureRules {
    type Error = std::num::TryFromIntError;

    fn try_from(image: &BundledImage) -> Result<Self, Self::Error> {
        Ok(Self {
            width: usize::try_from(image.width.get())?,
            height: usize::try_from(image.height.get())?,
            resample: match image.resample {
                BundledImageResample::Nearest => Resample::Nearest,
                BundledImageResample::Bilinear => Resample::Bilinear,
                BundledImageResample::Bicubic => Resample::Bicubic,
                BundledImageResample::Lanczos => Resample::Lanczos,
            },
            rescale: image.rescale as f32,
            mean: image.mean.map(|value| value as f32),
            std: image.std.map(|value| value as f32),
        })
    }
}
