// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The image of a flash: what is installed in it.

use crate::tbf::{App, Error, Header};

/// Something in the list that a kernel goes through.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Installed {
    /// Where it begins.
    pub at: u32,
    /// Its header.
    pub header: Header,
}

/// What is installed in `image`, the content of a flash from address `base` on, of
/// which the apps begin at `apps`. Padding is not in it. The list ends where there is
/// no header any more, as it does for a kernel.
///
/// # Errors
///
/// What begins like a header and is none.
pub fn installed(
    image: &[u8],
    base: u32,
    apps: u32,
) -> Result<Vec<(Installed, App)>, (u32, Error)> {
    let mut found = Vec::new();
    let mut at = apps;
    loop {
        let rest = at
            .checked_sub(base)
            .and_then(|offset| image.get(offset as usize..))
            .unwrap_or(&[]);
        let header = match Header::parse(rest) {
            Ok(header) => header,
            // As for a kernel: erased flash, or the byte that tockloader clears.
            Err(Error::Version(_)) => return Ok(found),
            Err(Error::Short) if rest.len() < 16 => return Ok(found),
            Err(error) => return Err((at, error)),
        };
        let next = at.saturating_add(header.total_size);
        if let Some(app) = header.app.clone() {
            found.push((Installed { at, header }, app));
        }
        at = next;
    }
}
