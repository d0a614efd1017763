// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The models seen from outside: register by register, frame by frame.

mod array_commands;
mod controller_faults;
mod custom_instructions;
mod deep_power_down;
mod flash_faults;
mod host_speed;
mod identity;
mod interrupted;
mod observations;
mod register_block;
mod rig;
mod security_areas;
mod status_writes;
mod suspend;
mod tasks;
mod teardown;
mod unknowns;
mod violations;
