// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What registers are called, for those that have no model.

/// Peripherals by the page that they are in.
const PERIPHERALS: &[(u32, &str)] = &[
    (0x4000_0000, "POWER/CLOCK"),
    (0x4000_1000, "RADIO"),
    (0x4000_2000, "UARTE0"),
    (0x4000_3000, "SPIM0/TWIM0"),
    (0x4000_4000, "SPIM1/TWIM1"),
    (0x4000_5000, "NFCT"),
    (0x4000_6000, "GPIOTE"),
    (0x4000_7000, "SAADC"),
    (0x4000_8000, "TIMER0"),
    (0x4000_9000, "TIMER1"),
    (0x4000_A000, "TIMER2"),
    (0x4000_B000, "RTC0"),
    (0x4000_C000, "TEMP"),
    (0x4000_D000, "RNG"),
    (0x4000_E000, "ECB"),
    (0x4000_F000, "CCM/AAR"),
    (0x4001_0000, "WDT"),
    (0x4001_1000, "RTC1"),
    (0x4001_2000, "QDEC"),
    (0x4001_3000, "COMP/LPCOMP"),
    (0x4001_4000, "EGU0"),
    (0x4001_5000, "EGU1"),
    (0x4001_6000, "EGU2"),
    (0x4001_7000, "EGU3"),
    (0x4001_8000, "EGU4"),
    (0x4001_9000, "EGU5"),
    (0x4001_A000, "TIMER3"),
    (0x4001_B000, "TIMER4"),
    (0x4001_C000, "PWM0"),
    (0x4001_D000, "PDM"),
    (0x4001_E000, "NVMC/ACL"),
    (0x4001_F000, "PPI"),
    (0x4002_0000, "MWU"),
    (0x4002_1000, "PWM1"),
    (0x4002_2000, "PWM2"),
    (0x4002_3000, "SPIM2"),
    (0x4002_4000, "RTC2"),
    (0x4002_5000, "I2S"),
    (0x4002_6000, "FPU"),
    (0x4002_7000, "USBD"),
    (0x4002_8000, "UARTE1"),
    (0x4002_9000, "QSPI"),
    (0x4002_D000, "PWM3"),
    (0x4002_F000, "SPIM3"),
    (0x5000_0000, "GPIO"),
    (0x5002_A000, "CC_HOST_RGF"),
    (0x5002_B000, "CRYPTOCELL"),
    (0xE000_0000, "ITM"),
    (0xE000_1000, "DWT"),
    (0xE000_2000, "FPB"),
    (0xE000_E000, "System control space"),
    (0xE004_0000, "TPIU"),
    (0xE004_1000, "ETM"),
];

/// A name for an address: a peripheral and an offset, or the memory that it would be in.
pub(crate) fn name(address: u32) -> String {
    let page = address & !0xFFF;
    if let Some((_, name)) = PERIPHERALS.iter().find(|(at, _)| *at == page) {
        return format!("{name}+{:#05x}", address & 0xFFF);
    }
    match address {
        0..0x0010_0000 => "flash".to_owned(),
        0x1000_0000..0x1000_1000 => format!("FICR+{:#05x}", address & 0xFFF),
        0x1000_1000..0x1000_2000 => format!("UICR+{:#05x}", address & 0xFFF),
        0x1200_0000..0x1A00_0000 => "QSPI's window for execution in place".to_owned(),
        0x1FFF_0000..0x2000_0000 => "below RAM, where a stack overflows to".to_owned(),
        0x2000_0000..0x2004_0000 => "RAM".to_owned(),
        0x4000_0000..0x6000_0000 => "peripherals, where there is none".to_owned(),
        _ => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_named_by_peripheral_and_offset() {
        assert_eq!(name(0x4000_D508), "RNG+0x508");
        assert_eq!(name(0xE000_EF34), "System control space+0xf34");
        assert_eq!(name(0x0000_1000), "flash");
        assert_eq!(name(0x4002_A000), "peripherals, where there is none");
    }

    #[test]
    fn each_page_is_there_once() {
        assert!(PERIPHERALS.is_sorted_by(|(one, _), (next, _)| one < next));
    }
}
