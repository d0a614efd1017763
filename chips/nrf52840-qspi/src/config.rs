// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the board decides, and how it looks in IFCONFIG0, IFCONFIG1 and IFTIMING.

use crate::hardware::Port;
use crate::pins::Pins;
use crate::registers::{IFCONFIG0, IFCONFIG1, IFTIMING, Registers};
use qspi_hil::AddressWidth;
use tock_registers::interfaces::{ReadWriteable, Readable, Writeable};

/// SCK as 32 MHz divided by 1 to 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Divider(u8);

impl Divider {
    /// 32 MHz, the fastest.
    pub const MHZ_32: Divider = Divider(1);
    /// 16 MHz.
    pub const MHZ_16: Divider = Divider(2);
    /// 8 MHz.
    pub const MHZ_8: Divider = Divider(4);
    /// 4 MHz.
    pub const MHZ_4: Divider = Divider(8);
    /// 2 MHz, the slowest.
    pub const MHZ_2: Divider = Divider(16);

    const SOURCE_HZ: u32 = 32_000_000;

    /// 32 MHz / `by`. `None` unless `by` is 1 to 16.
    pub const fn new(by: u8) -> Option<Divider> {
        match by {
            1..=16 => Some(Divider(by)),
            _ => None,
        }
    }

    /// The frequency in Hz, rounded down.
    pub const fn hz(self) -> u32 {
        // `new` admits no 0; a match keeps the compiler from adding a panic for it.
        match Self::SOURCE_HZ.checked_div(self.0 as u32) {
            Some(hz) => hz,
            None => Self::SOURCE_HZ,
        }
    }

    /// This one, or the fastest slower one that is not above `limit_hz`. The slowest if
    /// all are above.
    pub const fn limited_to(self, limit_hz: u32) -> Divider {
        let mut by = self.0;
        while by < Divider::MHZ_2.0 && Divider(by).hz() > limit_hz {
            by += 1;
        }
        Divider(by)
    }

    /// How long so many clocks take, in µs, rounded up.
    pub(crate) const fn us(self, clocks: u32) -> u32 {
        const PER_US: u32 = Divider::SOURCE_HZ / 1_000_000;
        clocks.saturating_mul(self.0 as u32).div_ceil(PER_US)
    }

    const fn sckfreq(self) -> u32 {
        (self.0 as u32).saturating_sub(1)
    }
}

/// Clock polarity and phase. The peripheral knows these two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// SCK is low when idle.
    Zero,
    /// SCK is high when idle.
    Three,
}

/// A sampling point for data in: 0 to 7 times 15.625 ns after SCK's rising edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RxDelay(u8);

impl RxDelay {
    /// `steps` of 15.625 ns. `None` beyond 7.
    pub const fn new(steps: u8) -> Option<RxDelay> {
        match steps {
            0..=7 => Some(RxDelay(steps)),
            _ => None,
        }
    }
}

/// How much the flash programs at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageSize {
    /// 256 bytes, as nearly all parts have.
    Bytes256,
    /// 512 bytes.
    Bytes512,
}

impl PageSize {
    /// In bytes.
    pub const fn bytes(self) -> u32 {
        match self {
            PageSize::Bytes256 => 256,
            PageSize::Bytes512 => 512,
        }
    }
}

/// How many address bytes the peripheral's own engines send. The flash has to be in
/// the mode that fits: the opcodes are the same in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressMode {
    /// 24 bits.
    Three,
    /// 32 bits. The flash has been told so, for example by opcode 0xB7.
    Four,
}

impl AddressMode {
    /// As templates say it.
    pub const fn width(self) -> AddressWidth {
        match self {
            AddressMode::Three => AddressWidth::Three,
            AddressMode::Four => AddressWidth::Four,
        }
    }
}

/// The board's decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the flash is.
    pub pins: Pins,
    /// SCK.
    pub divider: Divider,
    /// Clock polarity and phase.
    pub mode: Mode,
    /// The shortest time that CSN is high between two commands, times 62.5 ns.
    /// The reset value is 128, which is 8 µs.
    pub sck_delay: u8,
    /// Sampling point. `None` leaves the reset value of 2, which is good at 32 MHz.
    pub rx_delay: Option<RxDelay>,
    /// The flash's page.
    pub page_size: PageSize,
    /// The flash's address mode.
    pub address_mode: AddressMode,
    /// Whether anything on the chip reads the flash through the execute-in-place
    /// window. The driver does not, and see [`anomalies`](crate::anomalies) for what
    /// whoever does has to heed.
    pub xip_used: bool,
    /// Whether WRITESTART may be triggered while the flash programs, and is believed to wait for the
    /// end of that ([`waits_for_quiet`](qspi_hil::Controller::waits_for_quiet)). Unverified on
    /// silicon: if not, pages in a row come as one by one.
    pub queues_pages: bool,
}

impl Config {
    /// The usual: 32 MHz, mode 0, 62.5 ns between commands, 256-byte pages, 24-bit
    /// addresses, no execute-in-place, pages in a row without a pause.
    pub const fn new(pins: Pins) -> Config {
        Config {
            pins,
            divider: Divider::MHZ_32,
            mode: Mode::Zero,
            sck_delay: 1,
            rx_delay: None,
            page_size: PageSize::Bytes256,
            address_mode: AddressMode::Three,
            xip_used: false,
            queues_pages: true,
        }
    }

    /// Writes the interface settings. The peripheral has to be disabled.
    pub(crate) fn apply<P: Port>(&self, registers: &Registers<P>) {
        let address_mode = match self.address_mode {
            AddressMode::Three => IFCONFIG0::ADDRMODE::CLEAR,
            AddressMode::Four => IFCONFIG0::ADDRMODE::SET,
        };
        let page_size = match self.page_size {
            PageSize::Bytes256 => IFCONFIG0::PPSIZE::CLEAR,
            PageSize::Bytes512 => IFCONFIG0::PPSIZE::SET,
        };
        registers.ifconfig0().write(address_mode + page_size);

        let mode = match self.mode {
            Mode::Zero => IFCONFIG1::SPIMODE::CLEAR,
            Mode::Three => IFCONFIG1::SPIMODE::SET,
        };
        let reserved = registers.ifconfig1().read(IFCONFIG1::RESERVED);
        registers.ifconfig1().write(
            IFCONFIG1::RESERVED.val(reserved)
                + IFCONFIG1::SCKDELAY.val(self.sck_delay.into())
                + mode
                + IFCONFIG1::SCKFREQ.val(self.divider.sckfreq()),
        );

        if let Some(RxDelay(steps)) = self.rx_delay {
            registers
                .iftiming()
                .modify(IFTIMING::RXDELAY.val(steps.into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dividers() {
        assert_eq!(Divider::new(0), None);
        assert_eq!(Divider::new(17), None);
        assert_eq!(Divider::new(3).map(Divider::hz), Some(10_666_666));
        assert_eq!(Divider::MHZ_32.sckfreq(), 0);
        assert_eq!(Divider::MHZ_2.sckfreq(), 15);
        assert_eq!(Divider::MHZ_2.hz(), 2_000_000);
    }

    #[test]
    fn times() {
        assert_eq!(Divider::MHZ_32.us(0), 0);
        assert_eq!(Divider::MHZ_32.us(32), 1);
        assert_eq!(Divider::MHZ_32.us(33), 2);
        assert_eq!(Divider::MHZ_2.us(33), 17);
        // Not from the frequency, which is rounded.
        assert_eq!(Divider::new(3).map(|third| third.us(32)), Some(3));
        // The most that there can be in one operation.
        assert_eq!(Divider::MHZ_2.us(8 * 0x4_0000), 1 << 20);
    }

    #[test]
    fn limits() {
        let from_32 = |limit_hz| Divider::MHZ_32.limited_to(limit_hz);
        assert_eq!(from_32(u32::MAX), Divider::MHZ_32);
        assert_eq!(from_32(8_000_000), Divider::MHZ_8);
        assert_eq!(from_32(7_999_999).hz(), 6_400_000);
        assert_eq!(from_32(0), Divider::MHZ_2);
        assert_eq!(Divider::MHZ_4.limited_to(8_000_000), Divider::MHZ_4);
    }

    #[test]
    fn sampling_points() {
        assert_eq!(RxDelay::new(7), Some(RxDelay(7)));
        assert_eq!(RxDelay::new(8), None);
    }
}
