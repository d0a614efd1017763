// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Links a board as its `layout.ld` says.

fn main() {
    tock_build_scripts::default_linker_script();
}
