// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Models of the nRF52840 QSPI peripheral and of SPI-NOR parts, with no notion of who drives them.
