use proptest::prelude::*;

use super::*;
use crate::same_cases::the_same_cases_at_every_run;

type Rows = Vec<(usize, usize)>; // number, length

fn filled(lengths: &[usize]) -> WaitingLine<(usize, usize)> {
    let mut line = WaitingLine::new();
    for (number, &length) in lengths.iter().enumerate() {
        line.push(length, (number, length));
    }
    line
}

fn batches(mut line: WaitingLine<(usize, usize)>, limits: Limits) -> Vec<Rows> {
    std::iter::from_fn(|| Some(line.take(limits)).filter(|batch| !batch.is_empty())).collect()
}

fn numbers_of(lengths: &[usize], limits: Limits) -> Vec<Vec<usize>> {
    batches(filled(lengths), limits)
        .into_iter()
        .map(|batch| batch.into_iter().map(|(number, _)| number).collect())
        .collect()
}

#[test]
fn rows_of_like_length_go_together_the_oldest_first() {
    let limits = Limits { rows: 8, tokens: 1000 };
    assert_eq!(
        numbers_of(&[100, 5, 99, 5, 98, 5], limits),
        [vec![0, 2], vec![1, 3, 5], vec![4]]
    );
}

#[test]
fn of_those_who_came_last_only_who_pads_nothing_passes_the_line() {
    let limits = Limits { rows: 8, tokens: 1000 };
    assert_eq!(numbers_of(&[50, 9, 20, 35, 51, 49, 50], limits)[0], [0, 6]);
}

#[test]
fn a_batch_takes_no_more_rows_than_its_limit() {
    let limits = Limits { rows: 2, tokens: 1000 };
    assert_eq!(numbers_of(&[7, 7, 7], limits), [vec![0, 1], vec![2]]);
}

#[test]
fn a_row_beyond_the_limit_of_tokens_goes_alone() {
    let limits = Limits { rows: 8, tokens: 10 };
    assert_eq!(batches(filled(&[50, 50]), limits).len(), 2);
}

fn some_lengths() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1..600_usize, 0..80)
}

fn some_limits() -> impl Strategy<Value = Limits> {
    (1..20_usize, 1..4000_usize).prop_map(|(rows, tokens)| Limits { rows, tokens })
}

proptest! {
    #![proptest_config(the_same_cases_at_every_run())]

    #[test]
    fn every_row_is_taken_exactly_once(lengths in some_lengths(), limits in some_limits()) {
        let mut numbers: Vec<usize> = batches(filled(&lengths), limits).into_iter().flatten().map(|(number, _)| number).collect();
        numbers.sort_unstable();
        prop_assert_eq!(numbers, (0..lengths.len()).collect::<Vec<_>>());
    }

    #[test]
    fn no_batch_is_larger_than_the_limits_unless_it_is_one_row(lengths in some_lengths(), limits in some_limits()) {
        for batch in batches(filled(&lengths), limits) {
            let longest = batch.iter().map(|(_, length)| *length).max().unwrap_or(0);
            prop_assert!(batch.len() == 1 || (batch.len() <= limits.rows && batch.len() * longest <= limits.tokens));
        }
    }

    #[test]
    fn less_than_half_of_what_is_computed_is_padding(lengths in prop::collection::vec(9..600_usize, 0..80), limits in some_limits()) {
        for batch in batches(filled(&lengths), limits) {
            let longest = batch.iter().map(|(_, length)| *length).max().unwrap_or(0);
            let asked: usize = batch.iter().map(|(_, length)| *length).sum();
            prop_assert!(batch.is_empty() || 2 * asked > batch.len() * longest);
        }
    }

    #[test]
    fn none_starves_each_batch_begins_with_the_oldest_row(lengths in some_lengths(), limits in some_limits()) {
        let mut left: Vec<usize> = (0..lengths.len()).collect();
        for batch in batches(filled(&lengths), limits) {
            prop_assert_eq!(Some(&batch[0].0), left.first());
            prop_assert!(batch.is_sorted_by_key(|(number, _)| *number));
            left.retain(|number| !batch.iter().any(|(taken, _)| taken == number));
        }
    }

    #[test]
    fn what_is_taken_out_is_gone_and_the_rest_keeps_its_order(lengths in some_lengths(), limits in some_limits(), modulus in 1..4_usize) {
        let mut line = filled(&lengths);
        let out = line.take_out(|(number, _)| number % modulus != 0);
        prop_assert!(out.iter().all(|(number, _)| number % modulus == 0));
        prop_assert_eq!(line.rows() + out.len(), lengths.len());
        for batch in batches(line, limits) {
            prop_assert!(batch.iter().all(|(number, _)| number % modulus != 0));
            prop_assert!(batch.is_sorted_by_key(|(number, _)| *number));
        }
    }
}
