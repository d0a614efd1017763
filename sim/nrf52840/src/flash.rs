// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The chip's own flash, its user information registers, and the controller that changes them.
//!
//! Programming and erasing take no time.

use emulated_cortex_m::Memory;

pub(crate) const SIZE: usize = 1 << 20;
pub(crate) const PAGE: usize = 4096;
pub(crate) const FACTORY: u32 = 0x1000_0000;
pub(crate) const USER: u32 = 0x1000_1000;

const READY: u32 = 1;
const WRITE: u32 = 1;
const ERASE: u32 = 2;

/// FICR of an nRF52840 QIAA, revision 1. What is not known of it reads as erased flash does.
pub(crate) fn factory_information() -> Memory {
    let memory = Memory::rom(FACTORY, vec![0xFF; PAGE]);
    for (offset, value) in [
        // CODEPAGESIZE, CODESIZE.
        (0x010, 4096_u32),
        (0x014, 256),
        // DEVICEID.
        (0x060, 0x0123_4567),
        (0x064, 0x89AB_CDEF),
        // INFO: PART, VARIANT AAC0, PACKAGE QI, RAM and FLASH in KiB.
        (0x100, 0x0005_2840),
        (0x104, 0x4141_4330),
        (0x108, 0x2004),
        (0x10C, 256),
        (0x110, 1024),
    ] {
        let fits = memory.poke(FACTORY + offset, &value.to_le_bytes());
        debug_assert!(fits, "the page is as long as that");
    }
    memory
}

/// NVMC.
pub(crate) struct Controller {
    flash: Memory,
    user: Memory,
    mode: u32,
    cache: u32,
}

impl Controller {
    pub(crate) fn new(flash: Memory, user: Memory) -> Self {
        Self {
            flash,
            user,
            mode: 0,
            cache: 0,
        }
    }

    pub(crate) fn reset(&mut self) {
        (self.mode, self.cache) = (0, 0);
    }

    fn erase(memory: &Memory, address: u32, length: usize) -> Option<()> {
        memory.poke(address, &vec![0xFF; length]).then_some(())
    }

    fn erase_page(&mut self, address: u32) -> Option<()> {
        match address {
            USER => Self::erase(&self.user, USER, PAGE),
            _ if (address as usize).is_multiple_of(PAGE) => Self::erase(&self.flash, address, PAGE),
            _ => None,
        }
    }

    pub(crate) fn load(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            // READY and READYNEXT.
            0x400 | 0x408 => READY,
            0x504 => self.mode,
            0x540 => self.cache,
            _ => return None,
        })
    }

    pub(crate) fn store(&mut self, offset: u32, value: u32) -> Option<()> {
        match (offset, self.mode) {
            (0x504, _) => self.mode = value & 3,
            (0x508, ERASE) => self.erase_page(value)?,
            (0x50C, ERASE) if value == 1 => {
                Self::erase(&self.flash, 0, SIZE)?;
                Self::erase(&self.user, USER, PAGE)?;
            }
            (0x514, ERASE) if value == 1 => self.erase_page(USER)?,
            (0x540, _) => self.cache = value & 0x101,
            _ => return None,
        }
        Some(())
    }

    /// A store into flash: bits go to 0 while that is allowed.
    pub(crate) fn program(&mut self, address: u32, value: u32) -> Option<()> {
        if self.mode != WRITE {
            return None;
        }
        [&self.flash, &self.user].into_iter().find_map(|memory| {
            let mut old = [0; 4];
            if !memory.peek(address, &mut old) {
                return None;
            }
            let new = u32::from_le_bytes(old) & value;
            memory.poke(address, &new.to_le_bytes()).then_some(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(memory: &Memory, address: u32) -> u32 {
        let mut bytes = [0; 4];
        assert!(memory.peek(address, &mut bytes));
        u32::from_le_bytes(bytes)
    }

    #[test]
    fn it_is_written_when_that_is_allowed_and_only_bits_to_0() {
        let flash = Memory::rom(0, vec![0xFF; SIZE]);
        let user = Memory::rom(USER, vec![0xFF; PAGE]);
        let mut controller = Controller::new(flash.clone(), user.clone());
        assert_eq!(controller.program(0x1000, 0), None);
        assert_eq!(controller.store(0x508, 0x1000), None);
        controller.store(0x504, WRITE).unwrap();
        controller.program(0x1000, 0xF0F0_FFFF).unwrap();
        controller.program(0x1000, 0xFFFF_0000).unwrap();
        controller.program(USER + 0x200, 18).unwrap();
        assert_eq!(word(&flash, 0x1000), 0xF0F0_0000);
        assert_eq!(word(&user, USER + 0x200), 18);
        controller.store(0x504, ERASE).unwrap();
        assert_eq!(controller.store(0x508, 0x1004), None, "no page");
        controller.store(0x508, 0x1000).unwrap();
        assert_eq!(word(&flash, 0x1000), u32::MAX);
        assert_eq!(word(&user, USER + 0x200), 18);
        controller.store(0x508, USER).unwrap();
        assert_eq!(word(&user, USER + 0x200), u32::MAX);
    }

    #[test]
    fn the_chip_says_what_it_is() {
        assert_eq!(word(&factory_information(), FACTORY + 0x100), 0x52840);
    }
}
