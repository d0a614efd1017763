// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The results as a picture: a bar for each case, as long as its share of the limit.

use super::case::Work;
use super::result::Outcome;
use svg::Document;
use svg::node::element::{Line, Rectangle, Text};

const WIDTH: f64 = 1100.0;
const LEFT: f64 = 380.0;
/// Length of a bar of 100 %.
const FULL: f64 = 480.0;
const ROW: f64 = 20.0;
const TOP: f64 = 44.0;
const INK: &str = "#1b1f24";
const GRID: &str = "#d8dee4";

fn text(x: f64, y: f64, words: impl Into<String>) -> Text {
    Text::new(words)
        .set("x", x)
        .set("y", y)
        .set("fill", INK)
        .set("font-family", "sans-serif")
        .set("font-size", 12)
}

/// Share of the limit that binds this kind of work, in percent, and the bar's colour.
fn share(outcome: &Outcome) -> (f64, &'static str) {
    match outcome.case.work {
        Work::Read => (outcome.bus_percent, "#0b5394"),
        Work::Program => (outcome.array_percent, "#6aa84f"),
        Work::Erase => (outcome.array_percent, "#b45f06"),
    }
}

/// Draws them.
pub fn plot(outcomes: &[Outcome]) -> String {
    let height = TOP + ROW * outcomes.len() as f64 + 20.0;
    let mut document = Document::new()
        .set("viewBox", (0, 0, WIDTH as u32, height as u32))
        .add(
            Rectangle::new()
                .set("width", WIDTH)
                .set("height", height)
                .set("fill", "#ffffff"),
        )
        .add(text(
            10.0,
            18.0,
            "Share of the limit: of the bus for reads, of the array for programs and erases",
        ));
    for percent in [0.0, 25.0, 50.0, 75.0, 100.0] {
        let x = LEFT + FULL * percent / 100.0;
        document = document
            .add(
                Line::new()
                    .set("x1", x)
                    .set("x2", x)
                    .set("y1", TOP - 6.0)
                    .set("y2", height - 16.0)
                    .set("stroke", GRID),
            )
            .add(text(x, TOP - 10.0, format!("{percent:.0} %")).set("text-anchor", "middle"));
    }
    for (row, outcome) in outcomes.iter().enumerate() {
        let y = TOP + ROW * row as f64;
        let (percent, colour) = share(outcome);
        let length = FULL * percent.clamp(0.0, 100.0) / 100.0;
        let words = format!(
            "{percent:.1} %   {:.3} MB/s   p99 {:.0} µs",
            outcome.bytes_per_second / 1e6,
            outcome.latency.p99_us
        );
        document = document
            .add(text(LEFT - 8.0, y + 13.0, outcome.case.name).set("text-anchor", "end"))
            .add(
                Rectangle::new()
                    .set("x", LEFT)
                    .set("y", y + 2.0)
                    .set("width", length)
                    .set("height", ROW - 5.0)
                    .set("fill", colour),
            )
            .add(text(LEFT + length + 6.0, y + 13.0, words));
    }
    document.to_string()
}
