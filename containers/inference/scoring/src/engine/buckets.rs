//! Rows that wait, by length: which of them make the next batch. A pure structure; locks and clocks are its owner's.

use std::collections::{BTreeMap, VecDeque};

/// How large a batch may get. One row always goes, whatever its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Rows of a batch.
    pub(crate) rows: usize,
    /// Rows × the length of the longest: what the model computes, padding included.
    pub(crate) tokens: usize,
}

/// Waiting rows, each in the bucket of its length.
///
/// A batch is made of one bucket, so that no row is padded to half as much again; it begins with the oldest row of all, so that none
/// starves; and it takes what is there: it never waits for more.
pub(crate) struct Buckets<T> {
    by_width: BTreeMap<usize, VecDeque<Waiting<T>>>,
    rows: usize,
    next_order: u64,
}

struct Waiting<T> {
    order: u64,
    length: usize,
    row: T,
}

impl<T> Buckets<T> {
    pub(crate) fn new() -> Self {
        Self {
            by_width: BTreeMap::new(),
            rows: 0,
            next_order: 0,
        }
    }

    /// How many rows wait.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Adds a row at the end of the line.
    pub(crate) fn push(&mut self, length: usize, row: T) {
        let waiting = Waiting {
            order: self.next_order,
            length,
            row,
        };
        self.by_width.entry(bucket_of(length)).or_default().push_back(waiting);
        self.next_order += 1;
        self.rows += 1;
    }

    /// The next batch, oldest row first; empty when nothing waits.
    pub(crate) fn take(&mut self, limits: Limits) -> Vec<T> {
        let oldest = self
            .by_width
            .iter()
            .filter_map(|(width, line)| Some((line.front()?.order, *width)))
            .min();
        let Some((width, line)) = oldest.and_then(|(_, width)| Some((width, self.by_width.get_mut(&width)?))) else {
            return Vec::new();
        };
        let (mut batch, mut longest) = (Vec::new(), 0);
        while let Some(next) = line.front() {
            let padded = longest.max(next.length);
            let fits = batch.len() < limits.rows && (batch.len() + 1).saturating_mul(padded) <= limits.tokens;
            if !(fits || batch.is_empty()) {
                break;
            }
            longest = padded;
            batch.extend(line.pop_front().map(|taken| taken.row));
        }
        if line.is_empty() {
            self.by_width.remove(&width);
        }
        self.rows -= batch.len();
        batch
    }

    /// Takes out every row that `keep` does not want kept.
    pub(crate) fn take_out(&mut self, mut keep: impl FnMut(&T) -> bool) -> Vec<T> {
        let mut out = Vec::new();
        for line in self.by_width.values_mut() {
            for _ in 0..line.len() {
                if let Some(waiting) = line.pop_front() {
                    if keep(&waiting.row) {
                        line.push_back(waiting);
                    } else {
                        out.push(waiting.row);
                    }
                }
            }
        }
        self.by_width.retain(|_, line| !line.is_empty());
        self.rows -= out.len();
        out
    }
}

/// The widest row of the bucket that a length belongs to: 8, 12, 16, 24, 32, 48, 64, 96, 128 …
///
/// Steps of a half and a third: rows of one bucket differ by less than half, and there are few enough buckets that a line forms in
/// each.
pub(crate) fn bucket_of(length: usize) -> usize {
    let mut width = 8;
    loop {
        if length <= width {
            return width;
        }
        if length <= width / 2 * 3 {
            return width / 2 * 3;
        }
        match width.checked_mul(2) {
            Some(next) => width = next,
            None => return usize::MAX,
        }
    }
}

#[cfg(test)]
mod tests;
