// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What distinguishes one part from another.

use super::sfdp_image::SfdpImage;
use super::timing::{Span, Timing};

/// Manufacturer habits: which registers there are and which opcodes reach them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Macronix MX25L: RDCR 15, security register 2B.
    Macronix,
    /// Macronix MX25R: as MX25L, with a second configuration byte whose bit 1
    /// switches from ultra-low power to high performance.
    MacronixR,
    /// Winbond W25Q: three status registers, 50 for volatile writes.
    Winbond,
    /// GigaDevice GD25Q of small sizes: two status registers, written together.
    GigaDevice,
    /// Puya P25Q: two status registers, page erase.
    Puya,
    /// ISSI IS25: one status register.
    Issi,
    /// Micron MT25Q: flag status register, no quad enable bit.
    Micron,
    /// Microchip SST26: everything write-protected at power-up, erase sizes by address.
    Sst,
}

/// Where the quad enable bit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuadEnable {
    /// There is none: four lines always work.
    AlwaysOn,
    /// Status register 1, bit 6.
    Status1Bit6,
    /// Status register 2 (or the configuration register), bit 1.
    Status2Bit1,
}

/// What WRSR with a single byte does to the second register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShortStatusWrite {
    /// It stays.
    KeepsSecond,
    /// It is cleared, quad enable included (JESD216F 6.4.18, code 001b).
    ClearsSecond,
}

/// How addresses above 16 MiB are reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FourByte {
    /// Not at all.
    None,
    /// After EN4B (B7).
    Mode,
    /// After EN4B, or by opcodes with four address bytes.
    ModeAndOpcodes,
}

/// Suspend and resume of a program or erase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspend {
    /// Opcodes that suspend.
    pub suspend: &'static [u8],
    /// Opcodes that resume.
    pub resume: &'static [u8],
    /// Time from suspend to WIP = 0, ns.
    pub latency_ns: u64,
    /// Time that must pass from resume to the next suspend for the operation to
    /// come any further, ns.
    pub run_ns: u64,
}

/// Deep power-down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeepPowerDown {
    /// Time from B9 to asleep, ns.
    pub enter_ns: u64,
    /// Time from AB to awake, ns.
    pub exit_ns: u64,
}

/// The mode in which a part that has two power modes starts.
#[derive(Clone, Copy, Debug)]
pub struct LowPower {
    /// Busy times in it.
    pub timing: fn() -> Timing,
    /// Highest clock in it, Hz.
    pub max_hz: u32,
}

/// SFDP contents of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sfdp {
    /// A dump from address 0.
    Dump(&'static str),
    /// Parameter tables without header.
    Tables(&'static str),
}

/// Where a part's busy times come from.
#[derive(Clone, Copy, Debug)]
pub enum Times {
    /// Its own SFDP.
    Sfdp,
    /// Given here, since its SFDP has none.
    Given(fn() -> Timing),
}

/// A part that the model can be.
#[derive(Clone, Copy, Debug)]
pub struct PartSpec {
    /// Name as on the package.
    pub name: &'static str,
    /// Answer to RDID (9F).
    pub id: &'static [u8],
    /// Size, bytes.
    pub size: u32,
    /// Page size, bytes.
    pub page: u32,
    /// Manufacturer habits.
    pub family: Family,
    /// SFDP contents.
    pub sfdp: Sfdp,
    /// Busy times.
    pub times: Times,
    /// Low-power mode that the part starts in.
    pub low_power: Option<LowPower>,
    /// Quad enable bit.
    pub quad_enable: QuadEnable,
    /// Non-volatile contents of the three status or configuration registers as delivered.
    pub delivered: [u8; 3],
    /// Effect of a one-byte WRSR.
    pub short_status_write: ShortStatusWrite,
    /// Addressing beyond 16 MiB.
    pub four_byte: FourByte,
    /// Time of a non-volatile register write.
    pub status_write: Span,
    /// Deep power-down, if there is any.
    pub deep_power_down: Option<DeepPowerDown>,
    /// Recovery from a software reset when idle, ns.
    pub reset_idle_ns: u64,
    /// Recovery from a software reset that interrupts an operation, ns.
    pub reset_busy_ns: u64,
    /// Time from supply to the first command, ns.
    pub power_up_ns: u64,
    /// Suspend and resume, if there is any.
    pub suspend: Option<Suspend>,
    /// Bytes that the lowest block-protect level covers.
    pub protect_unit: u32,
    /// Block-protect bits in status register 1, from bit 2 up.
    pub protect_bits: u8,
    /// Highest clock, Hz.
    pub max_hz: u32,
    /// Where the figures come from.
    pub source: &'static str,
}

impl PartSpec {
    /// The part's SFDP area.
    #[must_use]
    pub fn sfdp_image(&self) -> SfdpImage {
        match self.sfdp {
            Sfdp::Dump(text) => SfdpImage::from_dump(text),
            Sfdp::Tables(text) => SfdpImage::from_tables(text),
        }
    }

    /// The part's busy times in its fast mode.
    ///
    /// # Panics
    /// If the table claims that SFDP gives times and it does not; the tests look at every part.
    #[must_use]
    pub fn timing(&self) -> Timing {
        match self.times {
            Times::Given(timing) => timing(),
            Times::Sfdp => {
                let image = self.sfdp_image();
                let decoded = (|| {
                    let page_program = image.page_program()?;
                    let first = image.first_byte_ns()?;
                    let page = u64::from(self.page);
                    // One byte and a whole page lie on one line.
                    let per_byte = page_program.typical_ns.saturating_sub(first) / (page - 1);
                    Some(Timing {
                        erases: image.erases()?,
                        chip_erase: image.chip_erase()?,
                        page_program,
                        program_base_ns: first.saturating_sub(per_byte),
                    })
                })();
                decoded.expect("SFDP of this part gives times")
            }
        }
    }
}
