// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! How this part is used over this controller.
//!
//! The [part](crate::part) says what it can do, the controller what it can put on the
//! wires. A profile is the best of what both can.

use crate::client::{Dimensions, SECTOR};
use crate::geometry::{EraseType, Geometry, Regions};
use crate::opcode;
use crate::operation::Kind;
use crate::part::{Addressing, DeepPowerDown, FourByteMode, Part, PartProgram, THREE_BYTE_REACH};
use crate::parts_by_id::{self, JedecId};
use crate::protection::{Protection, Scheme};
use crate::sfdp::bfpt::{Suspend, SuspendResume};
use crate::sfdp::mode::{Mode, ReadMode};
use crate::sfdp::times::{Times, TimesMs};
use crate::sfdp::warning::Note;
use crate::shut_down::Farewell;
use crate::status_register::{Poll, QuadEnable};
use crate::unlock::Bits;
use qspi_hil::{AddressWidth, Data, Granularity, Lines, Template};

/// What a profile, and a bite, has to know of the controller.
pub trait Wires {
    /// Whether the controller can send WREN by itself before a read of a register.
    fn enables_write(&self) -> bool {
        false
    }

    /// See [`qspi_hil::Controller::waits_for_quiet`].
    fn waits_for_quiet(&self, template: &Template) -> bool {
        let _unused = template;
        false
    }

    /// See [`qspi_hil::Controller::supports`].
    fn supports(&self, template: &Template) -> bool;
    /// See [`qspi_hil::Controller::granularity`].
    fn granularity(&self, template: &Template) -> Granularity;
    /// See [`qspi_hil::Controller::longest_data`].
    fn longest_data(&self, template: &Template) -> usize;
    /// See [`qspi_hil::Controller::fastest_clock_hz`].
    fn fastest_clock_hz(&self) -> u32;
}

/// The fastest clock for the plain read, 03h, which has no dummy clocks.
const PLAIN_READ_HZ: u32 = 20_000_000;

/// How this part is used.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// The part's id.
    pub id: JedecId,
    /// Size, pages, erase types.
    pub geometry: Geometry,
    /// The same for clients.
    pub dimensions: Dimensions,
    /// How the array is read.
    pub read: Template,
    /// How a page is programmed.
    pub program: Template,
    /// How long that takes.
    pub program_times: PartProgram,
    /// How to see that it is done.
    pub poll: Poll,
    /// Address bytes of erases.
    pub width: AddressWidth,
    /// How four lines are enabled, if they are used.
    pub quad_enable: Option<QuadEnable>,
    /// 4-byte mode, if it is used.
    pub four_byte_mode: Option<FourByteMode>,
    /// Programs and erases have opcodes of their own for four address bytes. They are used even if
    /// reads are in 4-byte mode: a part that resets by itself leaves the mode, and would then take
    /// another address for the one that is meant.
    pub own_opcodes: bool,
    /// Whether the part was put into its high-performance mode.
    pub high_performance: bool,
    /// The fastest clock that the part takes in the mode it is in, in Hz.
    pub clock_limit_hz: u32,
    /// How it sleeps.
    pub power_down: Option<DeepPowerDown>,
    /// How a program or an erase is suspended, if it can be.
    pub suspend: Option<Suspend>,
    /// What is write-protected.
    pub protection: Protection,
    /// How the part's four lines are enabled, used or not: it says how its registers are written.
    pub registers: QuadEnable,
    /// Opcode that lets a register be written that is lost at power-down, if there is one.
    pub volatile_write_enable: Option<u8>,
    /// Opcode that erases all.
    pub chip_erase_opcode: u8,
    /// How long that takes.
    pub chip_erase: TimesMs,
}

/// What an unlock has cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unlocked {
    /// The two registers before.
    pub registers: [u8; 2],
    /// What they protected.
    pub protection: Protection,
}

/// What becomes of programs and erases where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// What is write-protected.
    pub protection: Protection,
    /// What was before it was unlocked.
    pub unlocked: Option<Unlocked>,
}

impl Standing {
    /// Bits of status register 1 that an unlock has found or made 0, and nobody has set since.
    pub fn unlocked_bits(&self, profile: &Profile) -> u8 {
        match (self.unlocked, self.protection) {
            (Some(_), Protection::None) => {
                let [first, _] = profile.bits().scheme.masks();
                first
            }
            (_, _) => 0,
        }
    }
}

/// The lines of a mode, if the interface has it.
pub const fn lines(mode: Mode) -> Option<Lines> {
    match mode {
        Mode::M111 => Some(Lines::Single),
        Mode::M112 => Some(Lines::DualOutput),
        Mode::M122 => Some(Lines::DualIo),
        Mode::M114 => Some(Lines::QuadOutput),
        Mode::M144 => Some(Lines::QuadIo),
        Mode::M222 | Mode::M444 | Mode::M118 | Mode::M188 => None,
    }
}

fn read_template(opcode: u8, read: &ReadMode, width: AddressWidth) -> Option<Template> {
    Some(Template {
        opcode,
        address: width,
        lines: lines(read.mode)?,
        dummy_clocks: read.wait_clocks(),
        data: Data::In,
    })
}

/// A way to address the part.
#[derive(Clone, Copy)]
struct Way {
    addressing: Addressing,
    width: AddressWidth,
}

impl Way {
    const fn new(addressing: Addressing) -> Way {
        let width = match addressing {
            Addressing::Three => AddressWidth::Three,
            Addressing::FourByOpcode | Addressing::FourByMode(_) | Addressing::FourAlways => {
                AddressWidth::Four
            }
        };
        Way { addressing, width }
    }

    /// All of the part as it is, all of it in 4-byte mode if that is another way, and its first
    /// three-byte reach as if there were no more.
    fn all<W: Note>(part: &Part<W>) -> [Option<Way>; 3] {
        let by_mode = match (part.addressing, part.four_byte_mode) {
            (Addressing::FourByOpcode, Some(mode)) => Some(Addressing::FourByMode(mode)),
            _ => None,
        };
        let short = match part.addressing {
            Addressing::FourAlways => None,
            Addressing::Three | Addressing::FourByOpcode | Addressing::FourByMode(_) => {
                Some(Addressing::Three)
            }
        };
        [Some(part.addressing), by_mode, short].map(|way| way.map(Way::new))
    }

    /// The fastest read that both can.
    fn best_read<W: Note>(
        self,
        part: &Part<W>,
        wires: &dyn Wires,
        with_quad: bool,
    ) -> Option<Template> {
        part.reads_by(self.addressing).find_map(|(opcode, read)| {
            let template = read_template(opcode, &read, self.width)?;
            let is_in_time = opcode != opcode::READ || wires.fastest_clock_hz() <= PLAIN_READ_HZ;
            (is_in_time && can(wires, &template, with_quad)).then_some(template)
        })
    }

    /// The fastest page program that both can.
    fn best_program<W: Note>(
        self,
        part: &Part<W>,
        wires: &dyn Wires,
        with_quad: bool,
    ) -> Option<Template> {
        part.programs_by(self.addressing)
            .find_map(|(opcode, mode)| {
                let template = Template {
                    opcode,
                    address: self.width,
                    lines: lines(mode)?,
                    dummy_clocks: 0,
                    data: Data::Out,
                };
                can(wires, &template, with_quad).then_some(template)
            })
    }
}

/// Whether the controller can do it with the lines that are enabled.
fn can(wires: &dyn Wires, template: &Template, with_quad: bool) -> bool {
    (with_quad || !template.lines.needs_quad_enable()) && wires.supports(template)
}

/// What addresses and lengths of this template are multiples of.
fn unit(wires: &dyn Wires, template: &Template) -> u32 {
    let granularity = wires.granularity(template);
    let length = u32::try_from(granularity.length).unwrap_or(u32::MAX);
    granularity.address.max(length)
}

/// Whether four lines could be used at all.
pub fn wants_quad<W: Note>(part: &Part<W>, wires: &dyn Wires) -> bool {
    part.quad_enable != QuadEnable::Unknown
        && Way::all(part)
            .into_iter()
            .flatten()
            .filter_map(|way| way.best_read(part, wires, true))
            .any(|template| template.lines.needs_quad_enable())
}

impl Profile {
    /// Times of erases of 4, 32 and 64 KiB of parts whose tables have none.
    pub const ASSUMED_ERASES: [Times; 3] = [
        parts_by_id::assumed_erase(4 << 10),
        parts_by_id::assumed_erase(32 << 10),
        parts_by_id::assumed_erase(64 << 10),
    ];

    /// A part of up to 16 MiB with pages of 256 bytes, one line, no deep power-down and no suspend,
    /// that erases 4, 32 and 64 KiB everywhere, in these times.
    pub const fn uniform(id: JedecId, size_bytes: u32, times: [Times; 3]) -> Profile {
        const fn erase(opcode: u8, size_bytes: u32, times: Times) -> Option<EraseType> {
            Some(EraseType {
                opcode,
                opcode_4b: None,
                size_bytes,
                times,
            })
        }
        let [sectors, half_blocks, blocks] = times;
        let page_bytes = 256;
        Profile {
            id,
            geometry: Geometry {
                size_bytes,
                page_bytes,
                erase: [
                    erase(opcode::SECTOR_ERASE, 4 << 10, sectors),
                    erase(opcode::BLOCK_ERASE_32K, 32 << 10, half_blocks),
                    erase(opcode::BLOCK_ERASE_64K, 64 << 10, blocks),
                    None,
                ],
                regions: Regions::uniform(size_bytes, 0b0111),
                unavailable: 0b1000,
            },
            dimensions: Dimensions {
                size: size_bytes,
                sector: SECTOR,
                page: page_bytes,
            },
            read: Template {
                opcode: opcode::FAST_READ,
                address: AddressWidth::Three,
                lines: Lines::Single,
                dummy_clocks: 8,
                data: Data::In,
            },
            program: Template {
                opcode: opcode::PP,
                address: AddressWidth::Three,
                lines: Lines::Single,
                dummy_clocks: 0,
                data: Data::Out,
            },
            program_times: PartProgram {
                page: parts_by_id::assumed_page_program(),
                bytes: None,
            },
            poll: Poll::StatusRegister,
            width: AddressWidth::Three,
            quad_enable: None,
            four_byte_mode: None,
            own_opcodes: false,
            high_performance: false,
            clock_limit_hz: u32::MAX,
            power_down: None,
            suspend: None,
            protection: Protection::None,
            registers: QuadEnable::Unknown,
            volatile_write_enable: None,
            chip_erase_opcode: opcode::CHIP_ERASE,
            chip_erase: parts_by_id::assumed_chip_erase(size_bytes),
        }
    }

    /// The best of what both can. `with_quad`: four lines are enabled.
    ///
    /// A part beyond 16 MiB whose 4-byte addresses the controller can't send is used
    /// up to 16 MiB.
    ///
    /// `None` if the controller can do nothing with this part.
    #[inline(never)]
    pub fn choose<W: Note>(
        id: JedecId,
        part: &Part<W>,
        wires: &dyn Wires,
        with_quad: bool,
        high_performance: bool,
    ) -> Option<Profile> {
        let mut best: Option<Profile> = None;
        for way in &Way::all(part) {
            let Some(way) = *way else {
                continue;
            };
            if best.is_some() && way.addressing == Addressing::Three {
                break;
            }
            let used = Profile::used(id, part, wires, way, with_quad, high_performance);
            let Some(opcode) = &mut best else {
                best = used;
                continue;
            };
            // The controller may have an engine for plain opcodes only.
            if let Some(mode) = &used
                && mode.pace(wires) > opcode.pace(wires)
            {
                opcode.read = mode.read;
                opcode.four_byte_mode = mode.four_byte_mode;
                opcode.quad_enable = mode.quad_enable;
            }
        }
        best
    }

    /// The part used in one way, unless the controller can't.
    fn used<W: Note>(
        id: JedecId,
        part: &Part<W>,
        wires: &dyn Wires,
        way: Way,
        with_quad: bool,
        high_performance: bool,
    ) -> Option<Profile> {
        let Way { addressing, width } = way;
        let read = way.best_read(part, wires, with_quad)?;
        let program = way.best_program(part, wires, with_quad)?;
        // Transfers end where pages do, so the controller's units have to fit in.
        let unit = unit(wires, &read).max(unit(wires, &program));
        if !part.geometry.page_bytes.is_multiple_of(unit) {
            return None;
        }
        let mut geometry = part.geometry;
        if addressing != Addressing::FourByOpcode {
            geometry.unavailable = 0;
        }
        if addressing == Addressing::Three {
            // What three address bytes don't reach is forgotten.
            geometry.size_bytes = geometry.size_bytes.min(THREE_BYTE_REACH);
            geometry.regions.clip(geometry.size_bytes);
        }
        for (place, slot) in geometry.erase.iter().enumerate() {
            let supported = slot.is_some_and(|erase_type| {
                addressing
                    .erase_opcode(&erase_type)
                    .is_some_and(|opcode| wires.supports(&Template::addressed(opcode, width)))
            });
            if !supported {
                geometry.unavailable |= 1 << place;
            }
        }
        let sector = geometry.erase_unit_bytes()?;
        let used_quad = read.lines.needs_quad_enable() || program.lines.needs_quad_enable();
        Some(Profile {
            id,
            geometry,
            dimensions: Dimensions {
                size: geometry.size_bytes,
                sector: sector.max(SECTOR),
                page: geometry.page_bytes,
            },
            read,
            program,
            program_times: part.program,
            poll: part.poll,
            width,
            quad_enable: used_quad.then_some(part.quad_enable),
            four_byte_mode: match addressing {
                Addressing::FourByMode(mode) => Some(mode),
                Addressing::Three | Addressing::FourByOpcode | Addressing::FourAlways => None,
            },
            own_opcodes: addressing == Addressing::FourByOpcode,
            high_performance,
            clock_limit_hz: part
                .ultra_low_power
                .map_or(u32::MAX, |mode| mode.max_clock_hz),
            power_down: part.power_down,
            suspend: part.suspend,
            protection: Protection::None,
            registers: part.quad_enable,
            // The opcode clears flags with parts that have some.
            volatile_write_enable: part
                .volatile_write_enable
                .filter(|_| part.poll == Poll::StatusRegister),
            chip_erase_opcode: part.chip_erase_opcode,
            chip_erase: part.chip_erase,
        })
    }

    /// Compares ways to use the same part: the larger, the faster.
    fn pace(&self, wires: &dyn Wires) -> (u32, usize) {
        (self.read.lines.data(), wires.longest_data(&self.read))
    }

    /// Typical and longest time of a program of `bytes` bytes, in µs. Program times
    /// are about proportional to the number of bytes (measured on MX25R6435F); the
    /// longest is that of a page.
    pub fn program_us(&self, bytes: u32) -> (u32, u32) {
        let page = self.program_times.page;
        let share = page.typ_us.saturating_mul(bytes) / self.geometry.page_bytes.max(1);
        (share.min(page.typ_us), page.max_us)
    }

    /// The longest time that the part may be busy with one operation, in µs.
    pub fn longest_us(&self) -> u32 {
        let erases = self.geometry.erase.iter().flatten();
        erases
            .map(|erase_type| erase_type.times.max_us)
            .fold(self.program_times.page.max_us, u32::max)
    }

    /// How to erase one unit.
    pub fn erase_template(&self, erase_type: &EraseType) -> Template {
        let opcode = match erase_type.opcode_4b {
            Some(twin) if self.own_opcodes => twin,
            Some(_) | None => erase_type.opcode,
        };
        Template::addressed(opcode, self.width)
    }

    /// How an operation of this kind is suspended. The longer interval of both kinds holds for
    /// either: an operation that is suspended too early does not get on.
    pub fn suspend_of(&self, kind: Kind) -> Option<SuspendResume> {
        let Suspend { program, erase } = self.suspend?;
        let commands = match kind {
            Kind::Read => return None,
            Kind::Program => program,
            Kind::Erase => erase,
        };
        Some(SuspendResume {
            interval_us: program.interval_us.max(erase.interval_us),
            ..commands
        })
    }

    /// The mode that has to be entered before an operation.
    pub fn mode_before(&self, kind: Kind) -> Option<FourByteMode> {
        match kind {
            Kind::Program | Kind::Erase if self.own_opcodes => None,
            Kind::Read | Kind::Program | Kind::Erase => self.four_byte_mode,
        }
    }

    /// Whether anything is write-protected.
    pub const fn is_protected(&self) -> bool {
        !matches!(self.protection, Protection::None)
    }

    /// The block protection bits, and how they are written.
    pub const fn bits(&self) -> Bits {
        Bits {
            scheme: Scheme::of(self.id, self.registers),
            quad_enable: self.registers,
            volatile: self.volatile_write_enable,
        }
    }

    /// The size by which protected ranges are told: that of the part, if nobody doubts it.
    pub const fn certain_size(&self) -> Option<u32> {
        match self.id.size_bytes() {
            Some(told) if told == self.geometry.size_bytes => Some(told),
            Some(_) | None => None,
        }
    }

    /// How the part is sent to sleep, of which this was unlocked.
    pub fn farewell(&self, unlocked: Option<Unlocked>) -> Farewell {
        Farewell {
            // What is volatile is as it was at power-up.
            put_back: match (unlocked, self.volatile_write_enable) {
                (Some(unlocked), Some(_)) => self.bits().writes(unlocked.registers),
                (_, _) => [None; 2],
            },
            leave_four_byte: self.four_byte_mode,
            deep_power_down: self
                .power_down
                .map(|sleep| (sleep.enter, sleep.enter_delay_us)),
            patience_us: self.longest_us(),
        }
    }
}
