// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the firmware says, and what of it can be seen past the bus.

use qspi_models::{Nor, PowerState};

/// One line of the firmware's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// A check held.
    Held(String),
    /// A check did not hold.
    Failed(String),
    /// The array holds a pattern.
    Array {
        /// Where.
        address: u32,
        /// Length in bytes.
        length: usize,
        /// Which.
        seed: u32,
    },
    /// A range is erased.
    Erased {
        /// Where.
        address: u32,
        /// Length in bytes.
        length: usize,
    },
    /// The part is in deep power-down now, or it is not.
    Asleep(bool),
    /// Anything else: a panic's message.
    Other(String),
}

impl Claim {
    /// The claim that a line makes.
    #[must_use]
    pub fn parse(line: &str) -> Self {
        Self::understood(line).unwrap_or_else(|| Claim::Other(line.to_owned()))
    }

    fn understood(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let kind = words.next()?;
        let mut word = || words.next();
        let claim = match kind {
            "ok" => Claim::Held(word()?.to_owned()),
            "FAIL" => Claim::Failed(word()?.to_owned()),
            "array" => Claim::Array {
                address: hexadecimal(word()?)?,
                length: word()?.parse().ok()?,
                seed: word()?.parse().ok()?,
            },
            "erased" => Claim::Erased {
                address: hexadecimal(word()?)?,
                length: word()?.parse().ok()?,
            },
            "asleep" => Claim::Asleep(match word()? {
                "yes" => true,
                "no" => false,
                _ => return None,
            }),
            _ => return None,
        };
        words.next().is_none().then_some(claim)
    }

    /// Whether the flash is as claimed. Claims about what only the firmware saw are taken as
    /// they are.
    pub fn holds(&self, flash: &mut Nor) -> bool {
        match *self {
            Claim::Held(_) => true,
            Claim::Failed(_) | Claim::Other(_) => false,
            Claim::Array {
                address,
                length,
                seed,
            } => bytes(flash, address, length)
                .iter()
                .zip(0..)
                .all(|(&byte, index)| byte == pattern(seed, index)),
            Claim::Erased { address, length } => bytes(flash, address, length)
                .iter()
                .all(|&byte| byte == 0xFF),
            Claim::Asleep(asleep) => {
                let state = flash.power_state();
                let sleeps = matches!(
                    state,
                    PowerState::DeepPowerDown | PowerState::EnteringDeepPowerDown
                );
                sleeps == asleep
            }
        }
    }
}

fn hexadecimal(word: &str) -> Option<u32> {
    u32::from_str_radix(word.strip_prefix("0x")?, 16).ok()
}

fn bytes(flash: &mut Nor, address: u32, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    flash.peek(address, &mut bytes);
    bytes
}

/// The firmware's patterns: byte `index` of the one called `seed`.
fn pattern(seed: u32, index: u32) -> u8 {
    let mixed = seed.wrapping_mul(0x9E37_79B1) ^ index.wrapping_mul(0x85EB_CA6B);
    (mixed.wrapping_mul(0xC2B2_AE35) >> 24) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use qspi_models::nor::part;

    #[test]
    fn lines_are_claims() {
        assert_eq!(Claim::parse("ok erase"), Claim::Held("erase".to_owned()));
        assert_eq!(
            Claim::parse("array 0x1000 64 1"),
            Claim::Array {
                address: 0x1000,
                length: 64,
                seed: 1
            }
        );
        assert_eq!(Claim::parse("asleep yes"), Claim::Asleep(true));
        let other = "PANIC at line 3";
        assert_eq!(Claim::parse(other), Claim::Other(other.to_owned()));
        let long = "erased 0x0 16 more";
        assert_eq!(Claim::parse(long), Claim::Other(long.to_owned()));
    }

    #[test]
    fn the_array_is_looked_at() {
        let mut flash = Nor::new(part("MX25R6435F").unwrap());
        let claim = Claim::Array {
            address: 16,
            length: 4,
            seed: 7,
        };
        assert!(!claim.holds(&mut flash));
        let bytes: Vec<u8> = (0..4).map(|index| pattern(7, index)).collect();
        flash.poke(16, &bytes);
        assert!(claim.holds(&mut flash));
        let around = |address| Claim::Erased {
            address,
            length: 16,
        };
        assert!(around(0).holds(&mut flash));
        assert!(!around(8).holds(&mut flash));
        assert!(Claim::Asleep(false).holds(&mut flash));
        assert!(!Claim::Asleep(true).holds(&mut flash));
    }
}
