//! PNG and JPEG to 8-bit RGB, as Pillow's `convert("RGB")` gives it: transparency dropped, no gamma, no EXIF rotation.

use std::io::Cursor;
use std::panic::{UnwindSafe, catch_unwind};

use png::{BitDepth, ColorType, Transformations};
use thiserror::Error;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::Rgb;

/// The most pixels of one picture: a file of kilobytes can unpack to gigabytes. 33.5 million are a 100 MB picture in memory, and
/// more than a full-frame camera takes.
pub const MAX_PIXELS: usize = 1 << 25;

// The widest pixel that a decoder keeps: 8-bit RGB and alpha.
const MAX_PIXEL_BYTES: usize = 4;
const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const JPEG_SIGNATURE: &[u8] = b"\xff\xd8\xff";

/// Why bytes are not taken as a picture.
#[derive(Debug, Error, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PictureError {
    #[error("neither a PNG nor a JPEG; send one of the two")]
    UnknownFormat,
    #[error("no readable {format}: {reason}")]
    Broken { format: &'static str, reason: String },
    #[error("{width} x {height} pixels, allowed are {MAX_PIXELS}; send a smaller picture")]
    TooLarge { width: usize, height: usize },
}

/// A whole PNG or JPEG as 8-bit RGB.
///
/// # Errors
/// [`PictureError`] when it is none, is cut short or broken, or holds too many pixels.
pub fn decode(file: &[u8]) -> Result<Rgb, PictureError> {
    if file.starts_with(PNG_SIGNATURE) {
        guarded("PNG", || decode_png(file))
    } else if file.starts_with(JPEG_SIGNATURE) {
        guarded("JPEG", || decode_jpeg(file))
    } else {
        Err(PictureError::UnknownFormat)
    }
}

/// The file is a stranger's: a decoder that trips over it costs the request, not the process.
fn guarded(
    format: &'static str,
    decoder: impl FnOnce() -> Result<Rgb, PictureError> + UnwindSafe,
) -> Result<Rgb, PictureError> {
    catch_unwind(decoder).unwrap_or_else(|_| {
        Err(PictureError::Broken {
            format,
            reason: "the decoder gave up".to_owned(),
        })
    })
}

fn decode_png(file: &[u8]) -> Result<Rgb, PictureError> {
    let broken = |error: png::DecodingError| PictureError::Broken {
        format: "PNG",
        reason: error.to_string(),
    };
    let limits = png::Limits {
        bytes: MAX_PIXELS * MAX_PIXEL_BYTES,
    };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(file), limits);
    // Palettes and 1 to 4 bits become 8 bits, of 16 bits the upper 8 stay.
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(broken)?;
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    check_size(width, height)?;
    if reader.info().color_type == ColorType::Grayscale && reader.info().bit_depth == BitDepth::Sixteen {
        let reason = "16-bit greyscale, which no rule here turns to colours; send 8 bits".to_owned();
        return Err(PictureError::Broken { format: "PNG", reason });
    }
    let (colour, _) = reader.output_color_type();
    let size = reader
        .output_buffer_size()
        .ok_or(PictureError::TooLarge { width, height })?;
    let mut bytes = vec![0; size];
    reader.next_frame(&mut bytes).map_err(broken)?;
    reader.finish().map_err(broken)?;
    let bytes = match colour {
        ColorType::Rgb => bytes,
        ColorType::Rgba => bytes
            .chunks_exact(4)
            .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
            .collect(),
        ColorType::GrayscaleAlpha => bytes.chunks_exact(2).flat_map(|pixel| [pixel[0]; 3]).collect(),
        ColorType::Grayscale | ColorType::Indexed => bytes.iter().flat_map(|&grey| [grey; 3]).collect(),
    };
    Ok(Rgb { width, height, bytes })
}

fn decode_jpeg(file: &[u8]) -> Result<Rgb, PictureError> {
    let broken = |error: &dyn std::fmt::Debug| PictureError::Broken {
        format: "JPEG",
        reason: format!("{error:?}"),
    };
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    decoder.decode_headers().map_err(|error| broken(&error))?;
    let (width, height) = decoder.dimensions().ok_or_else(|| broken(&"it has no size"))?;
    check_size(width, height)?;
    let bytes = decoder.decode().map_err(|error| broken(&error))?;
    Ok(Rgb { width, height, bytes })
}

fn check_size(width: usize, height: usize) -> Result<(), PictureError> {
    match width.checked_mul(height) {
        Some(1..=MAX_PIXELS) => Ok(()),
        _ => Err(PictureError::TooLarge { width, height }),
    }
}
