// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The UART without the kernel, for last words.

use ast1030::Uart;
use ast1030::chip::UART5;
use core::fmt::{self, Write};
use kernel::utilities::io_write::IoWrite;

/// Writes, waiting for the hardware.
pub struct LastWords(Uart<'static>);

impl LastWords {
    /// Whatever else sends on the UART is interrupted.
    pub fn new() -> LastWords {
        LastWords(Uart::new(UART5))
    }
}

impl Write for LastWords {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for line in text.split_inclusive('\n') {
            match line.strip_suffix('\n') {
                Some(rest) => {
                    self.0.send_now(rest.as_bytes());
                    self.0.send_now(b"\r\n");
                }
                None => self.0.send_now(line.as_bytes()),
            }
        }
        Ok(())
    }
}

impl IoWrite for LastWords {
    fn write(&mut self, bytes: &[u8]) -> usize {
        self.0.send_now(bytes);
        bytes.len()
    }
}
