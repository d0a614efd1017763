// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Copying slices without a panicking path.

use crate::ErrorCode;

/// [`slice::copy_from_slice`] that reports what that panics for.
pub trait CopyOrErr {
    /// Copies `src` over `self`. `SIZE` if their lengths differ.
    fn copy_from_slice_or_err(&mut self, src: &Self) -> Result<(), ErrorCode>;
}

macro_rules! copy_or_err {
    ($($T:ty),+) => {
        $(
            impl CopyOrErr for [$T] {
                fn copy_from_slice_or_err(&mut self, src: &Self) -> Result<(), ErrorCode> {
                    if self.len() != src.len() {
                        return Err(ErrorCode::SIZE);
                    }
                    self.copy_from_slice(src);
                    Ok(())
                }
            }
        )+
    };
}

copy_or_err!(u8, u16, u32, u64, usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_must_be_equal() {
        let mut to = [0u16; 3];
        assert_eq!(to.copy_from_slice_or_err(&[1, 2, 3]), Ok(()));
        assert_eq!(to, [1, 2, 3]);
        assert_eq!(to.copy_from_slice_or_err(&[9, 9]), Err(ErrorCode::SIZE));
        assert_eq!(to.copy_from_slice_or_err(&[9; 4]), Err(ErrorCode::SIZE));
        assert_eq!(to, [1, 2, 3]);
    }
}
