// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! GPIOTE. No pin changes by itself, so no event ever comes of one.

use crate::events::Events;

const CHANNELS: u32 = 8;
const PORT: u32 = 31;

pub(crate) struct Gpiote {
    events: Events,
    configurations: [u32; CHANNELS as usize],
}

impl Gpiote {
    pub(crate) fn new() -> Self {
        Self {
            events: Events::new(0xFF | 1 << PORT, false),
            configurations: [0; CHANNELS as usize],
        }
    }

    pub(crate) fn line(&self) -> bool {
        self.events.line()
    }

    pub(crate) fn load(&self, offset: u32) -> Option<u32> {
        match offset {
            0x510..0x530 => Some(self.configurations[(offset - 0x510) as usize / 4]),
            _ => self.events.load(offset),
        }
    }

    pub(crate) fn store(&mut self, offset: u32, value: u32) -> Option<()> {
        match offset {
            0x510..0x530 => {
                // A channel that drives its pin would need the pin.
                const TASK: u32 = 3;
                if value & 3 == TASK {
                    return None;
                }
                self.configurations[(offset - 0x510) as usize / 4] = value;
                Some(())
            }
            _ => self.events.store(offset, value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_kept_and_none_drives() {
        let mut gpiote = Gpiote::new();
        gpiote.store(0x514, 0x2_0B01).unwrap();
        assert_eq!(gpiote.load(0x514), Some(0x2_0B01));
        assert_eq!(gpiote.store(0x518, 3), None);
        assert_eq!(gpiote.store(0x000, 1), None);
        assert!(!gpiote.line());
    }
}
