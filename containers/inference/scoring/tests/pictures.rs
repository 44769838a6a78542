//! Pictures as numbers: PNGs and every resize to the bit as Pillow's, JPEGs as near as two decoders come.

#[path = "../src/same_cases.rs"]
mod same_cases;
mod support;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;
use same_cases::the_same_cases_at_every_run;
use spotforge_scoring::picture::{MAX_PIXELS, PictureError, Resample, Rgb, decode};
use support::{fixture, json, sha256};

fn resample(name: &str) -> Resample {
    match name {
        "nearest" => Resample::Nearest,
        "bilinear" => Resample::Bilinear,
        "bicubic" => Resample::Bicubic,
        "lanczos" => Resample::Lanczos,
        other => panic!("no filter {other}"),
    }
}

#[test]
fn every_kind_of_png_is_decoded_and_resized_to_pillows_bytes() {
    let mut differing = Vec::new();
    for expected in json("expected-pictures.json").as_array().expect("an array") {
        let file = expected["file"].as_str().expect("a path");
        let is_jpeg = expected.get("rgb").is_some();
        let picture = if is_jpeg {
            // Pillow's own decoding, so that the resize is held against Pillow's alone.
            let size = expected["size"].as_array().expect("a size");
            let length = |at: usize| usize::try_from(size[at].as_u64().expect("a side")).expect("a small one");
            let bytes = BASE64_STANDARD
                .decode(expected["rgb"].as_str().expect("bytes"))
                .expect("base64");
            Rgb {
                width: length(0),
                height: length(1),
                bytes,
            }
        } else {
            decode(&std::fs::read(fixture(file)).expect("it is there")).expect("it is a picture")
        };
        if sha256(&picture.bytes) != expected["sha256"] {
            differing.push(format!("{file} decoded"));
            continue;
        }
        for (how, hash) in expected["resized"].as_object().expect("an object") {
            let (filter, size) = how.split_once(' ').expect("filter and size");
            let (width, height) = size.split_once('x').expect("width and height");
            let resized = picture.clone().resized(
                width.parse().expect("a number"),
                height.parse().expect("a number"),
                resample(filter),
            );
            if sha256(&resized.bytes) != *hash {
                differing.push(format!("{file} {how}"));
            }
        }
    }
    assert_eq!(differing, Vec::<String>::new());
}

#[test]
fn jpegs_differ_from_pillows_by_little_and_keep_their_orientation() {
    let (mut largest, mut differing, mut all) = (0, 0, 0);
    for expected in json("expected-pictures.json").as_array().expect("an array") {
        let Some(rgb) = expected["rgb"].as_str() else { continue };
        let file = expected["file"].as_str().expect("a path");
        let picture = decode(&std::fs::read(fixture(file)).expect("it is there")).expect("it is a picture");
        let pillows = BASE64_STANDARD.decode(rgb).expect("base64");
        assert_eq!(picture.bytes.len(), pillows.len(), "{file}");
        let apart = picture
            .bytes
            .iter()
            .zip(&pillows)
            .map(|(one, other)| one.abs_diff(*other));
        let of_file = apart.clone().max().unwrap_or(0);
        println!("{file}: {of_file} at most");
        largest = largest.max(of_file);
        differing += apart.filter(|&difference| difference > 0).count();
        all += pillows.len();
    }
    println!("{differing} of {all} bytes differ, by {largest} at most");
    assert!(largest <= LARGEST_JPEG_DIFFERENCE, "{largest}");
}

// Of 255. The two decoders round the colour planes and their interpolation differently.
const LARGEST_JPEG_DIFFERENCE: u8 = 3;

#[test]
fn what_is_neither_png_nor_jpeg_is_told_so() {
    assert_eq!(decode(b"GIF89a"), Err(PictureError::UnknownFormat));
    assert_eq!(decode(b""), Err(PictureError::UnknownFormat));
}

#[test]
fn a_file_that_is_cut_short_is_refused() {
    for file in ["pictures/rgb.png", "pictures/4-2-0.jpg", "pictures/progressive.jpg"] {
        let whole = std::fs::read(fixture(file)).expect("it is there");
        let cut = decode(&whole[..whole.len() * 2 / 3]);
        assert!(matches!(cut, Err(PictureError::Broken { .. })), "{file}: {cut:?}");
    }
}

#[test]
fn a_few_bytes_that_claim_a_huge_picture_are_refused_before_memory_is_taken() {
    let mut png = std::fs::read(fixture("pictures/rgb.png")).expect("it is there");
    png[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]); // 65536 x 65536
    let crc = crc32(&png[12..29]).to_be_bytes();
    png[29..33].copy_from_slice(&crc);
    assert_eq!(
        decode(&png),
        Err(PictureError::TooLarge {
            width: 65536,
            height: 65536
        })
    );

    let mut jpeg = std::fs::read(fixture("pictures/grey.jpg")).expect("it is there");
    let frame = jpeg
        .windows(2)
        .position(|pair| pair == [0xff, 0xc0])
        .expect("a frame header");
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0x3f, 0xff, 0x3f, 0xff]); // 16383 x 16383
    assert_eq!(
        decode(&jpeg),
        Err(PictureError::TooLarge {
            width: 16383,
            height: 16383
        })
    );
    const { assert!(MAX_PIXELS < 16383 * 16383) }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}

proptest! {
    #![proptest_config(the_same_cases_at_every_run())]

    #[test]
    fn no_bytes_make_the_decoder_panic(file in 0..2_usize, at in any::<prop::sample::Index>(), with in any::<[u8; 3]>(), cut in any::<prop::sample::Index>()) {
        let mut bytes = std::fs::read(fixture(["pictures/palette-4-bits.png", "pictures/4-2-0.jpg"][file])).expect("it is there");
        let at = at.index(bytes.len() - 3);
        bytes[at..at + 3].copy_from_slice(&with);
        bytes.truncate(cut.index(bytes.len()).max(at + 3));
        let _ = decode(&bytes);
    }

    #[test]
    fn a_resize_keeps_a_plain_picture_plain(
        (width, height) in (1..40_usize, 1..40_usize),
        (wide, high) in (1..40_usize, 1..40_usize),
        colour in any::<[u8; 3]>(),
        filter in prop::sample::select(vec![Resample::Nearest, Resample::Bilinear, Resample::Bicubic, Resample::Lanczos]),
    ) {
        let plain = |pixels: usize| colour.repeat(pixels);
        let resized = Rgb { width, height, bytes: plain(width * height) }.resized(wide, high, filter);
        prop_assert_eq!(resized, Rgb { width: wide, height: high, bytes: plain(wide * high) });
    }
}
