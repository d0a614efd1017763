// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the kernel counted: the lines that begin with `REPORT`.

use std::collections::BTreeMap;
use std::error::Error;

/// A report.
#[derive(Debug)]
pub struct Report {
    /// Numbers by what is counted, as `driver.accepted`.
    numbers: BTreeMap<String, u64>,
    /// The apps with the words of their lines.
    apps: BTreeMap<String, BTreeMap<String, String>>,
    /// Whether the kernel found all as it has to be.
    pub kept: bool,
}

impl Report {
    /// Reads the report out of all that was said.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn read(said: &str) -> Result<Report, Box<dyn Error>> {
        let mut report = Report {
            numbers: BTreeMap::new(),
            apps: BTreeMap::new(),
            kept: false,
        };
        let mut ends = 0;
        for line in said.lines() {
            // Another's line may not have been ended.
            let Some((_, line)) = line.split_once("REPORT ") else {
                continue;
            };
            if line == "KEPT" || line == "BROKEN" {
                ends += 1;
                report.kept = line == "KEPT";
                continue;
            }
            let mut words = line.split(' ');
            let first = words.next().unwrap_or_default();
            if let Some(app) = first.strip_prefix("app=") {
                let words = words
                    .filter_map(|word| word.split_once('='))
                    .map(|(name, value)| (name.into(), value.into()))
                    .collect();
                report.apps.insert(app.into(), words);
                continue;
            }
            for word in words {
                if let Some((name, value)) = word.split_once('=')
                    && let Ok(number) = value.parse()
                {
                    report.numbers.insert(format!("{first}.{name}"), number);
                }
            }
        }
        if ends == 1 {
            Ok(report)
        } else {
            Err(format!("{ends} reports in\n{said}").into())
        }
    }

    /// A number, as `driver.accepted`.
    ///
    /// # Errors
    ///
    /// It is not reported.
    pub fn number(&self, name: &str) -> Result<u64, Box<dyn Error>> {
        self.numbers
            .get(name)
            .copied()
            .ok_or_else(|| format!("{name} is not in {self:?}").into())
    }

    /// What is said of an app, as `state`.
    ///
    /// # Errors
    ///
    /// It is not reported.
    pub fn app(&self, app: &str, what: &str) -> Result<&str, Box<dyn Error>> {
        self.apps
            .get(app)
            .and_then(|words| words.get(what))
            .map(String::as_str)
            .ok_or_else(|| format!("{what} of {app} is not in {self:?}").into())
    }
}

#[cfg(test)]
mod tests {
    use super::Report;

    const SAID: &str = "TEST start x\nREPORT app=x state=Terminated code=Some(Some(0)) restarts=3\n\
        tock$ REPORT driver accepted=5 delivered=4\nREPORT registers conf=0x0000000a off=1\n\
        REPORT KEPT\n";

    #[test]
    fn a_report_is_read() {
        let report = Report::read(SAID).unwrap();
        assert!(report.kept);
        assert_eq!(report.number("driver.accepted").unwrap(), 5);
        assert_eq!(report.number("registers.off").unwrap(), 1);
        assert!(report.number("registers.conf").is_err());
        assert_eq!(report.app("x", "restarts").unwrap(), "3");
        assert!(report.app("y", "restarts").is_err());
    }

    #[test]
    fn none_is_an_error_and_a_broken_one_is_not_kept() {
        assert!(Report::read("REPORT driver accepted=5\n").is_err());
        assert!(!Report::read("REPORT BROKEN\n").unwrap().kept);
    }
}
