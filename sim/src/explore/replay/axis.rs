// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Time on paper.
//!
//! An erase takes 48 ms, a read 10 us. So each stretch between two events has a width that grows with
//! the logarithm of its length, and what is too wide for one row goes on in the next.

/// A stretch as long as that is drawn with a break.
pub const BREAK_NS: u64 = 1_000_000;

const NARROWEST: f64 = 7.0;
const WIDEST: f64 = 84.0;
/// Width that a factor of e adds.
const PER_E: f64 = 12.0;
/// What counts as short, in ns.
const SHORT_NS: f64 = 4_000.0;

/// Width of one row.
pub const ROW: f64 = 1010.0;

/// A row of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Where it begins, in ns.
    pub from_ns: u64,
    /// Where it ends, in ns.
    pub to_ns: u64,
    left: f64,
    scale: f64,
}

/// Where times are on paper.
pub struct Axis {
    times: Vec<u64>,
    places: Vec<f64>,
    rows: Vec<Row>,
}

fn width(ns: u64) -> f64 {
    (NARROWEST + PER_E * (ns as f64 / SHORT_NS).ln_1p()).min(WIDEST)
}

impl Axis {
    /// With all `times` apart from each other, from 0 to `end_ns`.
    pub fn new(mut times: Vec<u64>, end_ns: u64) -> Axis {
        times.extend([0, end_ns]);
        times.sort_unstable();
        times.dedup();
        let mut places = vec![0.0];
        for pair in times.windows(2) {
            let last = places.last().copied().unwrap_or(0.0);
            places.push(last + width(pair[1] - pair[0]));
        }
        let rows = rows(&times, &places);
        Axis {
            times,
            places,
            rows,
        }
    }

    /// All events, in order.
    pub fn times(&self) -> &[u64] {
        &self.times
    }

    /// The rows.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Where `at_ns` is in `row`, at its edges if it is beyond them.
    pub fn place(&self, row: &Row, at_ns: u64) -> f64 {
        let at_ns = at_ns.clamp(row.from_ns, row.to_ns);
        (self.unbroken(at_ns) - row.left) * row.scale
    }

    fn unbroken(&self, at_ns: u64) -> f64 {
        match self.times.binary_search(&at_ns) {
            Ok(index) => self.places[index],
            Err(index) => {
                let (from, to) = (self.times[index - 1], self.times[index]);
                let (left, right) = (self.places[index - 1], self.places[index]);
                left + (right - left) * (at_ns - from) as f64 / (to - from) as f64
            }
        }
    }
}

/// Each as full as can be, and all but a short last one stretched to the same width.
fn rows(times: &[u64], places: &[f64]) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut first = 0;
    let last = times.len() - 1;
    loop {
        let left = places[first];
        let fits = (first..=last).rev().find(|at| places[*at] - left <= ROW);
        // The widest stretch is narrower than a row.
        let end = fits.unwrap_or(last).max((first + 1).min(last));
        let natural = places[end] - left;
        let scale = if end == last && natural < ROW * 0.7 {
            1.0
        } else {
            ROW / natural
        };
        rows.push(Row {
            from_ns: times[first],
            to_ns: times[end],
            left,
            scale,
        });
        if end == last {
            return rows;
        }
        first = end;
    }
}

/// A time as a label: `830 µs`, `12.345 ms`.
pub fn label(ns: u64) -> String {
    let us = ns as f64 / 1e3;
    match ns {
        0 => "0".to_owned(),
        1..10_000 => format!("{us:.2} µs"),
        10_000..100_000 => format!("{us:.1} µs"),
        100_000..1_000_000 => format!("{us:.0} µs"),
        _ => format!("{:.3} ms", us / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stay_in_order_and_in_their_row() {
        let times: Vec<u64> = (0..400).map(|n| n * n * n).collect();
        let axis = Axis::new(times, 70_000_000);
        assert!(axis.rows().len() > 1);
        let mut before = 0;
        for row in axis.rows() {
            assert_eq!(row.from_ns, before, "rows go on where the last one ended");
            before = row.to_ns;
            let places: Vec<f64> = axis
                .times()
                .iter()
                .filter(|at| (row.from_ns..=row.to_ns).contains(at))
                .map(|at| axis.place(row, *at))
                .collect();
            assert!(places.windows(2).all(|pair| pair[0] + 5.0 < pair[1]));
            assert!(places.iter().all(|x| (-0.01..=ROW + 0.01).contains(x)));
        }
        assert_eq!(before, 70_000_000);
    }

    #[test]
    fn a_run_of_no_time_has_a_row() {
        let axis = Axis::new(vec![0], 0);
        assert_eq!(axis.rows().len(), 1);
        assert_eq!(axis.place(&axis.rows()[0], 0), 0.0);
    }

    #[test]
    fn between_events_time_is_linear() {
        let axis = Axis::new(vec![0, 1_000], 2_000);
        let row = axis.rows()[0];
        let place = |at| axis.place(&row, at);
        assert_eq!(place(500), (place(0) + place(1_000)) / 2.0);
    }

    #[test]
    fn labels_fit_their_size() {
        assert_eq!(label(0), "0");
        assert_eq!(label(1_250), "1.25 µs");
        assert_eq!(label(30_518), "30.5 µs");
        assert_eq!(label(732_422), "732 µs");
        assert_eq!(label(49_133_301), "49.133 ms");
    }
}
