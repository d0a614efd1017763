// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Whether reads come one behind the other.

/// The least that is worth to be read ahead, in bytes: on four lines at 32 MHz it takes as long as
/// the commands around a single read.
const LEAST: u32 = 1024;

/// The last reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stream {
    /// Where the last whole request ended.
    request_end: Option<u32>,
    /// Where the last bite ended.
    bite_end: u32,
    /// Bytes of the present request, as far as it was served.
    length: u32,
    /// The present request began where the one before ended.
    is_steady: bool,
}

impl Stream {
    /// Nothing was read yet.
    pub const fn new() -> Stream {
        Stream {
            request_end: None,
            bite_end: 0,
            length: 0,
            is_steady: false,
        }
    }

    /// After a bite from `address` to `end`, with `rest` bytes of its request to come.
    pub fn after(self, address: u32, end: u32, rest: u32) -> Stream {
        let (is_steady, before) = if self.request_end == Some(address) {
            (true, 0)
        } else if self.bite_end == address && self.length > 0 {
            (self.is_steady, self.length)
        } else {
            (false, 0)
        };
        Stream {
            request_end: if rest == 0 { Some(end) } else { None },
            bite_end: end,
            length: before.saturating_add(end.saturating_sub(address)),
            is_steady,
        }
    }

    /// Whether the present request began where the one before had ended.
    pub const fn is_steady(&self) -> bool {
        self.is_steady
    }

    /// How much is likely to be asked for next, in bytes.
    pub fn next_length(&self) -> u32 {
        self.length.max(LEAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_in_many_bites_is_no_stream() {
        let mut stream = Stream::new();
        for bite in 0..8 {
            stream = stream.after(bite * 100, bite * 100 + 100, 700 - bite * 100);
            assert!(!stream.is_steady());
        }
        assert_eq!(stream.next_length(), LEAST);
    }

    #[test]
    fn the_second_of_two_neighbours_makes_a_stream_and_a_stranger_ends_it() {
        let stream = Stream::new().after(0, 4096, 0);
        assert!(!stream.is_steady());
        let stream = stream.after(4096, 8192, 0);
        assert!(stream.is_steady());
        assert_eq!(stream.next_length(), 4096);
        let stream = stream.after(8192, 10_000, 500).after(10_000, 10_500, 0);
        assert!(stream.is_steady());
        assert_eq!(stream.next_length(), 2308);
        assert!(!stream.after(0, 16, 0).is_steady());
    }

    #[test]
    fn the_same_place_over_and_over_is_no_stream() {
        let mut stream = Stream::new();
        for _ in 0..4 {
            stream = stream.after(64, 68, 0);
            assert!(!stream.is_steady());
        }
    }
}
