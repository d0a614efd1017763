// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Application headers in Tock's binary format, as the kernel's loader reads them from flash.

use crate::flash::HEADER_SIZE;
use kernel::{KERNEL_MAJOR_VERSION, KERNEL_MINOR_VERSION};

const VERSION: u16 = 2;
const ENABLED: u32 = 1;
const MAIN: u16 = 1;
const PACKAGE_NAME: u16 = 3;
const KERNEL_VERSION: u16 = 8;

/// Longest name that a header has room for, in bytes.
const LONGEST_NAME: usize = 64;

/// What the header of one app says.
pub(super) struct Header<'a> {
    /// The app's name.
    pub name: &'a str,
    /// Bytes from the start of the header to the end of the app's flash.
    pub total_size: u32,
    /// Bytes from the start of the header that the kernel keeps to itself.
    pub protected_size: u32,
    /// Where the first function lies, from the start of the header.
    pub init_fn: u32,
    /// Least memory, in bytes.
    pub minimum_ram: u32,
}

impl Header<'_> {
    /// The header's bytes. `None` if the name is too long, or the protected part or the way to the
    /// first function are shorter than the header.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let name = self.name.as_bytes();
        if name.len() > LONGEST_NAME {
            return None;
        }
        let size = 16 + (4 + 12) + (4 + name.len().next_multiple_of(4)) + (4 + 4);
        debug_assert!(size <= HEADER_SIZE);
        let size = size as u16;
        let init_fn_offset = self.init_fn.checked_sub(u32::from(size))?;
        let protected_trailer = self.protected_size.checked_sub(u32::from(size))?;

        let mut bytes = Vec::with_capacity(HEADER_SIZE);
        let mut half = |value: u16| bytes.extend(value.to_le_bytes());
        half(VERSION);
        half(size);
        bytes.extend(self.total_size.to_le_bytes());
        bytes.extend(ENABLED.to_le_bytes());
        bytes.extend([0; 4]);
        let mut element = |kind: u16, content: &[u8]| {
            bytes.extend(kind.to_le_bytes());
            bytes.extend((content.len() as u16).to_le_bytes());
            bytes.extend(content);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        };
        let main = [init_fn_offset, protected_trailer, self.minimum_ram];
        element(MAIN, main.map(u32::to_le_bytes).as_flattened());
        element(PACKAGE_NAME, name);
        let version = [KERNEL_MAJOR_VERSION, KERNEL_MINOR_VERSION];
        element(KERNEL_VERSION, version.map(u16::to_le_bytes).as_flattened());

        let checksum = bytes
            .as_chunks::<4>()
            .0
            .iter()
            .fold(0, |sum, word| sum ^ u32::from_le_bytes(*word));
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
        Some(bytes)
    }
}
