// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The apps in an image of a board's flash, as tockloader lays them out.

use super::bundle::Binary;
use super::header::HeaderError;
use super::place::FLASH_START;

/// The apps in `image`, of which byte 0 is that at address 0, in their order.
///
/// As a kernel does it, the search begins where apps begin, goes from header to header, and
/// ends where there is none. Padding and apps that are not enabled are passed over.
///
/// # Errors
/// An app with a broken header, or none at all.
pub fn apps(image: &[u8]) -> Result<Vec<Binary>, String> {
    let mut apps = Vec::new();
    let mut address = FLASH_START as usize;
    while let Some(rest) = image.get(address..).filter(|rest| !rest.is_empty()) {
        match super::header::Header::parse(rest) {
            Ok(header) if header.program.is_some() && header.enabled => {
                let binary =
                    Binary::parse(rest).map_err(|why| format!("at {address:#x}: {why}"))?;
                match binary.place() {
                    Some((_, start)) if start as usize == address => apps.push(binary),
                    Some((_, start)) => {
                        return Err(format!(
                            "at {address:#x}: it was linked to begin at {start:#x}"
                        ));
                    }
                    None => {
                        return Err(format!(
                            "at {address:#x}: it was not linked for fixed addresses"
                        ));
                    }
                }
                address += header.total_size as usize;
            }
            Ok(header) => address += header.total_size as usize,
            // Erased flash, or the tail of something that is no app.
            Err(HeaderError::Version(_) | HeaderError::Short) => break,
            Err(error) => return Err(format!("at {address:#x}: {error}")),
        }
    }
    if apps.is_empty() {
        return Err(format!("there is no app at {FLASH_START:#x}"));
    }
    Ok(apps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erased_flash_has_no_apps() {
        assert!(apps(&vec![0xFF; 0x8_0000]).is_err());
        assert!(apps(&[]).is_err());
    }
}
