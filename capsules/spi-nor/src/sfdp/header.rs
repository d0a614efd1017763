// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The SFDP header (JESD216, section "SFDP header structure").

/// Bytes of the SFDP header, and of each parameter header after it.
pub const HEADER_BYTES: usize = 8;

/// How many parameter headers are looked at. The field could say 256; parts have up
/// to six.
pub const MAX_PARAMETER_HEADERS: u16 = 16;

/// Why the bytes are no SFDP, or no usable one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SfdpError {
    /// Fewer bytes than the header has.
    Short,
    /// All ones: no part answers, or this one has no SFDP.
    AllOnes,
    /// All zeros: no part answers, or a line is shorted.
    AllZeros,
    /// The first four bytes are not "SFDP".
    Signature([u8; 4]),
    /// A major revision other than 1.
    Revision(u8),
    /// No parameter header is the basic table's.
    NoBasicTable,
}

/// The SFDP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SfdpHeader {
    /// Major revision; always 1.
    pub major: u8,
    /// Minor revision: 0 JESD216, 5 A, 6 B and C, 8 D and later.
    pub minor: u8,
    /// Number of parameter headers, 1 to 256.
    pub parameter_headers: u16,
    /// Access protocol; FFh in all parts that predate JESD216C.
    pub access_protocol: u8,
}

impl SfdpHeader {
    /// From the first [`HEADER_BYTES`] bytes of SFDP.
    ///
    /// # Errors
    /// All of [`SfdpError`] but [`SfdpError::NoBasicTable`].
    pub fn parse(bytes: &[u8]) -> Result<SfdpHeader, SfdpError> {
        let Some(&[s0, s1, s2, s3, minor, major, count, access_protocol]) =
            bytes.first_chunk::<HEADER_BYTES>()
        else {
            return Err(SfdpError::Short);
        };
        match [s0, s1, s2, s3] {
            [b'S', b'F', b'D', b'P'] => {}
            [0xFF, 0xFF, 0xFF, 0xFF] => return Err(SfdpError::AllOnes),
            [0, 0, 0, 0] => return Err(SfdpError::AllZeros),
            other => return Err(SfdpError::Signature(other)),
        }
        if major != 1 {
            return Err(SfdpError::Revision(major));
        }
        Ok(SfdpHeader {
            major,
            minor,
            parameter_headers: u16::from(count) + 1,
            access_protocol,
        })
    }

    /// How many parameter headers to read.
    pub const fn headers_to_read(&self) -> u16 {
        if self.parameter_headers > MAX_PARAMETER_HEADERS {
            MAX_PARAMETER_HEADERS
        } else {
            self.parameter_headers
        }
    }

    /// SFDP address of parameter header `index`, counted from 0.
    pub const fn header_address(index: u16) -> u32 {
        HEADER_BYTES as u32 * (index as u32 + 1)
    }

    /// Where the last parameter header ends: no table begins before.
    pub const fn headers_end(&self) -> u32 {
        SfdpHeader::header_address(self.parameter_headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [u8; 8] = *b"SFDP\x06\x01\x02\xff";

    #[test]
    fn the_count_is_zero_based() {
        let header = SfdpHeader::parse(&GOOD).unwrap();
        assert_eq!(header.parameter_headers, 3);
        assert_eq!(header.headers_to_read(), 3);
        assert_eq!(header.headers_end(), 32);
        assert_eq!(SfdpHeader::header_address(0), 8);
        let mut many = GOOD;
        many[6] = 0xFF;
        let header = SfdpHeader::parse(&many).unwrap();
        assert_eq!(header.parameter_headers, 256);
        assert_eq!(header.headers_to_read(), MAX_PARAMETER_HEADERS);
    }

    #[test]
    fn what_is_not_sfdp_says_why() {
        assert_eq!(SfdpHeader::parse(&GOOD[..7]), Err(SfdpError::Short));
        assert_eq!(SfdpHeader::parse(&[0xFF; 8]), Err(SfdpError::AllOnes));
        assert_eq!(SfdpHeader::parse(&[0; 8]), Err(SfdpError::AllZeros));
        assert_eq!(
            SfdpHeader::parse(b"PDFSxxxx"),
            Err(SfdpError::Signature(*b"PDFS"))
        );
        let mut future = GOOD;
        future[5] = 2;
        assert_eq!(SfdpHeader::parse(&future), Err(SfdpError::Revision(2)));
    }
}
