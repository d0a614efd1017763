// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Access to a peripheral's registers only while its clock runs.

use crate::platform::chip::ClockInterface;

/// A peripheral whose registers need preparation.
pub trait PeripheralManagement<C>
where
    C: ClockInterface,
{
    /// The register block.
    type RegisterType;

    /// The registers.
    fn get_registers(&self) -> &Self::RegisterType;

    /// The clock; [`NO_CLOCK_CONTROL`](crate::platform::chip::NO_CLOCK_CONTROL)
    /// if there is none to control.
    fn get_clock(&self) -> &C;

    /// Makes the registers accessible.
    fn before_peripheral_access(&self, _: &C, _: &Self::RegisterType);

    /// The registers are not accessed for now.
    fn after_peripheral_access(&self, _: &C, _: &Self::RegisterType);
}

/// Access to the registers of `H` for as long as this lives.
pub struct PeripheralManager<'a, H, C>
where
    H: 'a + PeripheralManagement<C>,
    C: 'a + ClockInterface,
{
    /// The registers.
    pub registers: &'a H::RegisterType,
    hardware: &'a H,
    clock: &'a C,
}

impl<'a, H, C> PeripheralManager<'a, H, C>
where
    H: 'a + PeripheralManagement<C>,
    C: 'a + ClockInterface,
{
    /// Makes the registers of `peripheral_hardware` accessible.
    pub fn new(peripheral_hardware: &'a H) -> PeripheralManager<'a, H, C> {
        let manager = PeripheralManager {
            registers: peripheral_hardware.get_registers(),
            hardware: peripheral_hardware,
            clock: peripheral_hardware.get_clock(),
        };
        peripheral_hardware.before_peripheral_access(manager.clock, manager.registers);
        manager
    }
}

impl<'a, H, C> Drop for PeripheralManager<'a, H, C>
where
    H: 'a + PeripheralManagement<C>,
    C: 'a + ClockInterface,
{
    fn drop(&mut self) {
        self.hardware
            .after_peripheral_access(self.clock, self.registers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::cell::Cell;

    #[derive(Default)]
    struct Clock(Cell<bool>);
    impl ClockInterface for Clock {
        fn is_enabled(&self) -> bool {
            self.0.get()
        }
        fn enable(&self) {
            self.0.set(true);
        }
        fn disable(&self) {
            self.0.set(false);
        }
    }

    #[derive(Default)]
    struct Peripheral {
        clock: Clock,
        registers: Cell<u32>,
    }
    impl PeripheralManagement<Clock> for Peripheral {
        type RegisterType = Cell<u32>;
        fn get_registers(&self) -> &Cell<u32> {
            &self.registers
        }
        fn get_clock(&self) -> &Clock {
            &self.clock
        }
        fn before_peripheral_access(&self, clock: &Clock, _: &Cell<u32>) {
            clock.enable();
        }
        fn after_peripheral_access(&self, clock: &Clock, _: &Cell<u32>) {
            clock.disable();
        }
    }

    #[test]
    fn the_clock_runs_during_access() {
        let peripheral = Peripheral::default();
        {
            let manager = PeripheralManager::new(&peripheral);
            assert!(peripheral.clock.is_enabled());
            manager.registers.set(5);
        }
        assert!(!peripheral.clock.is_enabled());
        assert_eq!(peripheral.registers.get(), 5);
    }
}
