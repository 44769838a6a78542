//! Which lengths a batch is made of: padding costs, and so does every run of the model.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::waiting_line::Limits;

/// What a run of the model costs beside its tokens, in tokens. A small text model on one core measured 8; with half of that, batches are a
/// third smaller, come back sooner, and answer as many rows a second.
const COST_OF_A_RUN: f64 = 4.0;

/// The lengths around `oldest` whose rows, in one batch, are scored for the least cost a token: tokens that are asked for over tokens that
/// are computed, padding and [`COST_OF_A_RUN`] included. `lengths` are of all rows that may join, the oldest among them.
pub(crate) fn like_length(
    oldest: usize,
    lengths: impl Iterator<Item = usize>,
    limits: Limits,
) -> RangeInclusive<usize> {
    let mut counts = BTreeMap::<usize, usize>::new();
    for length in lengths {
        *counts.entry(length).or_default() += 1;
    }
    let (mut chosen, mut best) = (oldest..=oldest, 0.0);
    for &longest in counts.keys().filter(|&&length| length >= oldest) {
        let most = limits.rows.min(limits.tokens / longest.max(1)).max(1);
        let (mut rows, mut tokens) = (0_usize, 0_usize);
        for (&shortest, &count) in counts.range(..=longest).rev() {
            rows += count;
            tokens += count * shortest;
            if shortest <= oldest {
                // Of more rows than fit, as many do, of the same mean length.
                let taken = rows.min(most);
                let asked = real(tokens) * real(taken) / real(rows);
                let share = asked / (COST_OF_A_RUN + real(taken) * real(longest));
                if share > best {
                    (chosen, best) = (shortest..=longest, share);
                }
            }
        }
    }
    chosen
}

/// Rows and tokens in a queue are far from where this would be less than exact.
fn real(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Limits = Limits { rows: 16, tokens: 1000 };

    fn chosen(lengths: &[usize], limits: Limits) -> RangeInclusive<usize> {
        like_length(lengths[0], lengths.iter().copied(), limits)
    }

    #[test]
    fn rows_of_one_length_go_together() {
        assert_eq!(chosen(&[20, 20, 20], WIDE), 20..=20);
    }

    #[test]
    fn a_little_padding_is_cheaper_than_another_run() {
        assert_eq!(chosen(&[20, 21, 19], WIDE), 19..=21);
    }

    #[test]
    fn much_padding_is_dearer_than_another_run() {
        assert_eq!(chosen(&[20, 60, 5], WIDE), 20..=20);
    }

    #[test]
    fn a_long_row_is_not_worth_it_however_many_short_ones_there_are() {
        assert_eq!(chosen(&[10, 10, 10, 10, 10, 40], WIDE), 10..=10);
    }

    #[test]
    fn rows_that_would_not_fit_make_no_length_look_cheap() {
        let one = Limits { rows: 1, tokens: 1000 };
        assert_eq!(chosen(&[20, 20, 22, 22, 22], one), 20..=20);
    }
}
