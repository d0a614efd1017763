// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Flash set aside in the kernel's image.

/// Defines a static of `kB` KiB, which a board's linker script puts in flash.
///
/// `storage_volume!(NAME, kB)`.
#[macro_export]
macro_rules! storage_volume {
    ($N:ident, $kB:expr $(,)?) => {
        #[used]
        #[doc = "Flash set aside in the kernel's image."]
        pub static $N: [u8; $kB * 1024] = [0; $kB * 1024];
    };
}

#[cfg(test)]
mod tests {
    storage_volume!(VOLUME, 2);

    #[test]
    fn it_has_the_size_asked_for() {
        assert_eq!(VOLUME.len(), 2048);
    }
}
