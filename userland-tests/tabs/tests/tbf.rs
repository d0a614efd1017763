// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Headers of apps, made here byte by byte, and images with some in them.

use userland_tabs::image::installed;
use userland_tabs::tbf::{Error, Header, Storage};

fn element(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend((value.len() as u16).to_le_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// A header of these elements, padded to `total` bytes.
fn binary(elements: &[Vec<u8>], flags: u32, total: u32) -> Vec<u8> {
    let elements = elements.concat();
    let mut bytes = 2_u16.to_le_bytes().to_vec();
    bytes.extend((16 + elements.len() as u16).to_le_bytes());
    bytes.extend(words(&[total, flags, 0]));
    bytes.extend(elements);
    let sum = bytes.chunks(4).fold(0, |sum, word| {
        sum ^ u32::from_le_bytes(word.try_into().unwrap())
    });
    bytes[12..16].copy_from_slice(&sum.to_le_bytes());
    bytes.resize(total as usize, 0);
    bytes
}

fn app(name: &str, ram: u32, flash: u32, total: u32) -> Vec<u8> {
    let mut storage = words(&[7]);
    storage.extend([1, 0]);
    storage.extend(words(&[8]));
    storage.extend([2, 0]);
    storage.extend(words(&[9, 10]));
    let mut permissions = vec![1, 0];
    permissions.extend(words(&[0x5_0005, 1, 0b101, 0x8000_0000]));
    binary(
        &[
            element(1, &words(&[1, 2, 3])),
            element(9, &words(&[41, 40, 2048, 600, 5])),
            element(3, name.as_bytes()),
            element(5, &words(&[ram, flash])),
            element(6, &permissions),
            element(7, &storage),
            element(8, &[2, 0, 3, 0]),
            element(10, &words(&[0xabcd])),
            // One that is not known.
            element(77, b"x"),
        ],
        1,
        total,
    )
}

#[test]
fn all_elements() {
    let header = Header::parse(&app("a-name", 0x2000_0000, 0x4_0100, 1024)).unwrap();
    assert_eq!((header.total_size, header.enabled), (1024, true));
    let app = header.app.unwrap();
    assert_eq!(app.name, "a-name");
    // Program, not Main.
    assert_eq!((app.entry, app.protected, app.ram), (41, 40, 2048));
    assert_eq!((app.end, app.version), (Some(600), 5));
    assert_eq!(app.fixed, Some((0x2000_0000, 0x4_0100)));
    assert_eq!(app.permissions, [(0x5_0005, 1, 0x8000_0000_0000_0005)]);
    let storage = Storage {
        write: 7,
        read: vec![8],
        access: vec![9, 10],
    };
    assert_eq!(app.storage, Some(storage));
    assert_eq!(app.kernel, Some((2, 3)));
    assert_eq!(app.short_id, Some(0xabcd));
}

#[test]
fn padding_is_no_app() {
    let header = Header::parse(&binary(&[], 0, 64)).unwrap();
    assert_eq!((header.app, header.enabled), (None, false));
}

#[test]
fn every_wrong_bit_of_a_header_is_seen() {
    let right = app("a", 1, 2, 1024);
    let header = Header::parse(&right).unwrap();
    for bit in 0..header.header_size * 8 {
        let mut wrong = right.clone();
        wrong[bit / 8] ^= 1 << (bit % 8);
        assert!(Header::parse(&wrong).is_err(), "bit {bit}");
    }
    for length in 0..header.header_size {
        assert_eq!(Header::parse(&right[..length]), Err(Error::Short));
    }
}

#[test]
fn lengths_that_can_not_be_are_refused() {
    let too_long = [vec![3, 0, 200, 0], vec![0; 8]].concat();
    let short_main = element(1, &words(&[1, 2]));
    let many_permissions = element(6, &[9, 0, 1, 2, 3, 4]);
    for (wrong, kind) in [(too_long, 3), (short_main, 1), (many_permissions, 6)] {
        assert_eq!(
            Header::parse(&binary(&[wrong], 1, 512)),
            Err(Error::Element(kind))
        );
    }
    let mut too_small = binary(&[], 1, 16);
    too_small[4] = 8;
    assert_eq!(Header::parse(&too_small), Err(Error::Size));
}

#[test]
fn an_image_is_walked_to_its_end() {
    let apps = 0x100;
    let mut image = vec![0xa5; apps];
    image.extend(app("one", 1, 2, 1024));
    image.extend(binary(&[], 0, 512));
    image.extend(app("two", 3, 4, 2048));
    let end = image.len();
    for tail in [
        vec![],
        vec![0xff; 64],
        vec![0; 64],
        [vec![0], vec![0xff; 63]].concat(),
    ] {
        image.truncate(end);
        image.extend(tail);
        // As if it began at 0x1000.
        let found = installed(&image, 0x1000, 0x1000 + apps as u32).unwrap();
        let found: Vec<(u32, &str)> = found
            .iter()
            .map(|(installed, app)| (installed.at, &*app.name))
            .collect();
        assert_eq!(found, [(0x1100, "one"), (0x1100 + 1536, "two")]);
    }
    image[apps + 1024 + 4] ^= 1;
    let (at, _) = installed(&image, 0, apps as u32).unwrap_err();
    assert_eq!(at as usize, apps + 1024);
}
