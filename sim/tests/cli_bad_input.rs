// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The program, given what is of no use: exit code 2, one line on standard error that
//! says why, nothing on standard output, and no file changed.

mod cli_support;

use cli_support::{
    Folder, Image, PART, SECTOR, SIZE, answer, answer_without_privileges, assert_not_understood,
    assert_refused, permit, program, stderr, text,
};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// `run` of one app on `image`, with `more` arguments.
fn run<'a>(image: &'a str, app: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["run", "--flash", image, "--part", PART, "--app", app];
    arguments.extend(more);
    arguments
}

/// `arguments` are refused with a line with all of `words` in it, and `image` stays.
#[track_caller]
fn refused(image: &Image, arguments: &[&str], words: &[&str]) {
    assert_refused(&answer(arguments), words);
    image.assert_untouched();
}

// --- images -------------------------------------------------------------------------

#[test]
fn an_image_of_another_size() {
    let folder = Folder::new();
    for (size, hint) in [
        (0, None),
        (1, None),
        (SIZE - 1, None),
        (SIZE + 1, None),
        (2 * SIZE, Some("it would fit GD25Q16C, P25Q16H")),
        (8 * SIZE, Some("MX25R6435F")),
    ] {
        let image = folder.image_of("wrong.img", cli_support::noise(size));
        let has = format!("has {size} bytes, but a {PART} has 1048576 (1 MiB)");
        for write in [&[][..], &["--write"]] {
            let said = answer(&run(&image.path, "dump", write));
            assert_refused(&said, &[&image.path, &has]);
            match hint {
                Some(hint) => assert_refused(&said, &[hint]),
                None => assert!(!stderr(&said).contains("it would fit")),
            }
            image.assert_untouched();
        }
    }
}

#[test]
fn an_image_that_is_not_there() {
    let folder = Folder::new();
    let missing = folder.name("missing.img");
    let below_a_file = folder.file("file", b"x") + "/below.img";
    for name in [&missing, &below_a_file] {
        for write in [&[][..], &["--write"]] {
            let said = answer(&run(name, "dump", write));
            assert_refused(&said, &["cannot open", name]);
            assert!(!Path::new(name).exists(), "{name} was made");
        }
    }
}

#[test]
fn an_image_that_is_no_file() {
    let folder = Folder::new();
    let this = folder.name("");
    for name in [this.as_str(), "/dev/null", "/dev/zero"] {
        for write in [&[][..], &["--write"]] {
            assert_refused(&answer(&run(name, "dump", write)), &[name, "is not a file"]);
        }
    }
}

#[test]
fn an_image_that_must_not_be_read_or_written() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    permit(&image.path, 0o444);
    let written = answer_without_privileges(&folder, &run(&image.path, "basic", &["--write"]));
    assert_refused(&written, &["cannot write", &image.path]);
    image.assert_untouched();
    permit(&image.path, 0o000);
    let read = answer_without_privileges(&folder, &run(&image.path, "dump", &[]));
    assert_refused(&read, &["cannot read", &image.path]);
    permit(&image.path, 0o444);
    image.assert_untouched();

    // That it is the permission that was in the way, and nothing else.
    let out = folder.name("out");
    let read = answer(&run(&image.path, "dump", &["--out", &out]));
    assert_eq!(read.status.code(), Some(0), "{}", stderr(&read));
    assert!(fs::read(&out).expect("it was made") == image.content);
}

// --- parts and apps -------------------------------------------------------------------

#[test]
fn an_unknown_part() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    let flash = image.path.as_str();
    for name in ["nothing", "", "MX25R8035", "MX25R8035F ", "🦀", "a\nb"] {
        let quoted = format!("{name:?}");
        // All that there are.
        let words = [
            &quoted,
            "MX25R6435F",
            "MX25R8035F",
            "GD25Q16C",
            "W25Q128JV",
            "MX25L3233F",
            "P25Q16H",
            "IS25WP256",
            "MT25QU256A",
            "SST26VF064B",
            "W25Q01JVQ",
            "GD25Q32C",
        ];
        refused(&image, &["--part", name], &words);
        refused(&image, &["tour", "--part", name], &words);
        refused(&image, &["tour", "--json", "--part", name], &words);
        for more in [&[][..], &["--write"], &["--json"]] {
            let mut arguments = vec!["run", "--flash", flash, "--part", name, "--app", "basic"];
            arguments.extend(more);
            refused(&image, &arguments, &words);
        }
    }
}

#[test]
fn an_unknown_app() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    for name in ["nothing", "", "Basic", "basic.2", "die-"] {
        let quoted = format!("{name:?}");
        // All that there are.
        let words = [
            &quoted,
            "basic",
            "bad-input-rw",
            "bad-input-ro",
            "bad-input-none",
            "log-writer",
            "bulk-reader",
            "bulk-verifier",
            "fat-list",
            "dump",
            "die-exit-open",
            "die-exit-read",
            "die-exit-program",
            "die-exit-closing",
            "die-restart-program",
            "die-fault-erase",
            "die-fault-read",
            "die-spin-read",
            "die-never-collect",
        ];
        for more in [&[][..], &["--write"], &["--json"], &["--app", "basic"]] {
            refused(&image, &run(&image.path, name, more), &words);
        }
    }
}

// --- regions --------------------------------------------------------------------------

#[test]
fn a_region_of_no_use() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    for (region, word) in [
        ("", "there is no ="),
        ("dump", "there is no ="),
        ("dump:0:4096", "there is no ="),
        ("dump=", "two or three fields"),
        ("dump=0", "two or three fields"),
        ("dump=0:4096:ro:ro", "two or three fields"),
        ("dump=0:4096:", "neither ro nor rw"),
        ("dump=0:4096:RW", "neither ro nor rw"),
        ("dump=0:4096:wo", "neither ro nor rw"),
        ("dump=:4096", "the start \"\" is not a number"),
        ("dump=0:", "the length \"\" is not a number"),
        ("dump=-4096:4096", "is not a number"),
        ("dump=+4096:4096", "is not a number"),
        ("dump=0x:4096", "is not a number"),
        ("dump=0X1000:4096", "is not a number"),
        ("dump=1000h:4096", "is not a number"),
        ("dump= 0:4096", "is not a number"),
        ("dump=4k:4096", "is not a number"),
        ("dump=0:99999999999", "is not a number"),
        ("dump=1:4096", "the start is not a multiple of 4 KiB"),
        ("dump=0x800:4096", "the start is not a multiple of 4 KiB"),
        ("dump=0:1", "the length is not a multiple of 4 KiB"),
        ("dump=0:4095", "the length is not a multiple of 4 KiB"),
        ("dump=0:0", "the length is 0"),
        (
            "dump=0x100000:4096",
            "it ends at 0x101000, the part at 0x100000",
        ),
        (
            "dump=0:0x101000",
            "it ends at 0x101000, the part at 0x100000",
        ),
        (
            "dump=0xff000:0x2000",
            "it ends at 0x101000, the part at 0x100000",
        ),
        ("dump=0xfffff000:0xfffff000", "the part at 0x100000"),
        ("basic=0:4096", "no app is run as \"basic\"; there are dump"),
        ("=0:4096", "no app is run as \"\"; there are dump"),
        (
            "nothing=none",
            "no app is run as \"nothing\"; there are dump",
        ),
        ("dump=nothing", "two or three fields"),
    ] {
        for write in [&["--region", region][..], &["--region", region, "--write"]] {
            refused(&image, &run(&image.path, "dump", write), &[word]);
        }
    }
}

#[test]
fn regions_that_do_not_go_together() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    for (regions, word) in [
        (&["basic=0:0x4000"][..], "not for dump"),
        (&["dump=none"], "not for basic"),
        (
            &["basic=0:0x4000", "basic=0x8000:0x4000"],
            "two regions are given for basic",
        ),
        (
            &["basic=0:0x4000:rw", "dump=0x3000:0x4000:ro"],
            "the regions of basic and dump overlap",
        ),
        (
            &["basic=0x4000:0x1000:ro", "dump=0:0x10000:rw"],
            "the regions of basic and dump overlap",
        ),
        (
            &["basic=0:0x4000:rw", "dump=0:0x4000:rw"],
            "the regions of basic and dump overlap",
        ),
    ] {
        let mut more = vec!["--app", "dump", "--write"];
        for region in regions {
            more.extend(["--region", region]);
        }
        refused(&image, &run(&image.path, "basic", &more), &[word]);
    }
    // The second app of a name has a name of its own.
    let more = ["--app", "dump", "--region", "dump=0:0x1000"];
    refused(
        &image,
        &run(&image.path, "dump", &more),
        &["not for dump.2"],
    );
    // 257 apps can't share 256 sectors.
    let more = ["--app", "dump"].repeat(SIZE / SECTOR);
    refused(
        &image,
        &run(&image.path, "dump", &more),
        &["more apps than sectors"],
    );
}

// --- --out ----------------------------------------------------------------------------

#[test]
fn an_output_that_can_not_be_made() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    let closed = folder.name("closed");
    fs::create_dir(&closed).expect("the folder is ours");
    permit(&closed, 0o555);
    for name in [
        folder.name("missing/out"),
        folder.name(""),
        image.path.clone() + "/out",
    ] {
        let words = ["cannot create", name.as_str()];
        for write in [&[][..], &["--write"]] {
            let mut more = vec!["--out", &name];
            more.extend(write);
            refused(&image, &run(&image.path, "basic", &more), &words);
        }
    }
    let name = closed.clone() + "/out";
    let said = answer_without_privileges(&folder, &run(&image.path, "dump", &["--out", &name]));
    assert_refused(&said, &["cannot create", &name]);
    assert!(!Path::new(&name).exists());
    image.assert_untouched();
}

#[test]
fn an_output_that_is_the_image() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    let other = folder.name("folder");
    fs::create_dir(&other).expect("the folder is ours");
    let hard = folder.path("hard.img");
    fs::hard_link(&image.path, &hard).expect("the folder is ours");
    let soft = folder.path("soft.img");
    symlink(&image.path, &soft).expect("the folder is ours");
    let soft_to_hard = folder.path("twice.img");
    symlink("hard.img", &soft_to_hard).expect("the folder is ours");
    let detour = folder.path("folder/../image.img");

    let names = [
        image.path.as_str(),
        text(&hard),
        text(&soft),
        text(&soft_to_hard),
        text(&detour),
    ];
    for flash in names {
        for out in names {
            for more in [&[][..], &["--write"], &["--json"]] {
                let mut arguments = run(flash, "dump", &["--out", out]);
                arguments.extend(more);
                refused(&image, &arguments, &["--out is the image itself"]);
            }
        }
    }
    assert!(
        fs::symlink_metadata(&soft)
            .expect("it is there")
            .is_symlink()
    );
}

#[test]
fn an_output_stays_if_anything_else_is_wrong() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    let out = folder.image_of("out", b"precious".to_vec());
    let missing = folder.name("missing.img");
    for arguments in [
        run(&missing, "dump", &["--out", &out.path]),
        run(&image.path, "nothing", &["--out", &out.path]),
        run(&image.path, "dump", &["--out", &out.path, "--region", "x"]),
        vec![
            "run",
            "--flash",
            &image.path,
            "--part",
            "nothing",
            "--app",
            "dump",
            "--out",
            &out.path,
        ],
        vec![
            "run",
            "--flash",
            &image.path,
            "--part",
            "GD25Q16C",
            "--app",
            "dump",
            "--out",
            &out.path,
        ],
    ] {
        refused(&image, &arguments, &[]);
        out.assert_untouched();
    }
}

#[test]
fn an_output_that_is_full() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    refused(
        &image,
        &run(&image.path, "dump", &["--out", "/dev/full"]),
        &["cannot write the output"],
    );
    for arguments in [
        run(&image.path, "dump", &[]),
        run(&image.path, "dump", &["--json"]),
        vec!["parts"],
        vec!["parts", "--json"],
    ] {
        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("it is there");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_tock-qspi"))
            .args(&arguments)
            .stdout(full)
            .output()
            .expect("it starts");
        assert_refused(&output, &["cannot write to standard output"]);
        image.assert_untouched();
    }
}

// --- dumps ----------------------------------------------------------------------------

/// A dump of a real part, without what its comments say of the id: with an id that is
/// known, tables of no use are not the end.
fn dump_bytes() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../capsules/spi-nor/testdata/sfdp/IS25WP256_9d7019.hex");
    let text = fs::read_to_string(path).expect("it is part of the project");
    text.lines()
        .filter_map(|line| line.split('#').next())
        .flat_map(str::split_whitespace)
        .map(|byte| u8::from_str_radix(byte, 16).expect("it is a dump"))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x} ")).collect()
}

/// `identify` refuses `text`, as a file and from standard input, with and without --json.
#[track_caller]
fn no_dump(folder: &Folder, content: &[u8], words: &[&str]) {
    let name = folder.file("dump.hex", content);
    for arguments in [&["identify", &name][..], &["identify", &name, "--json"]] {
        assert_refused(&answer(arguments), words);
    }
    let output = program()
        .args(["identify", "-"])
        .write_stdin(content)
        .output()
        .expect("it starts");
    assert_refused(&output, words);
    assert_eq!(fs::read(&name).expect("it is there"), content);
}

#[test]
fn the_dump_that_the_lies_are_made_of_is_a_good_one() {
    let folder = Folder::new();
    let name = folder.file("dump.hex", hex(&dump_bytes()).as_bytes());
    let output = answer(&["identify", &name]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    // Where the tests below put their lies.
    assert_eq!(dump_bytes()[..4], *b"SFDP");
    assert_eq!(dump_bytes()[8..16], [0, 6, 1, 16, 0x30, 0, 0, 0xff]);
}

#[test]
fn hex_that_is_none() {
    let folder = Folder::new();
    for (content, words) in [
        ("5", &["line 1, column 1", "two hex digits"][..]),
        ("53 46 4", &["line 1, column 7", "two hex digits"]),
        ("534", &["line 1, column 3", "two hex digits"]),
        ("53 46\n44 5", &["line 2, column 4", "two hex digits"]),
        ("53 4g 44 50", &["line 1, column 5", "'g'", "no hex digit"]),
        ("0x53 0x46", &["line 1, column 2", "'x'", "no hex digit"]),
        ("53,46", &["line 1, column 3", "','", "no hex digit"]),
        ("53 46\n# ok\n44 é", &["line 3, column 4", "no hex digit"]),
        ("<html>", &["line 1, column 1", "no hex digit"]),
        ("", &["there are no bytes"]),
        ("\n\n \t\n", &["there are no bytes"]),
        ("# only words\n", &["there are no bytes"]),
        ("00: # no bytes\n\u{feff}", &["no hex digit"]),
        (
            "53 46 44 50\nff00 e520f1ffffffff00",
            &["line 2", "not both"],
        ),
        (
            "ff00 e520f1ffffffff00\n53 46 44 50",
            &["line 2", "not both"],
        ),
        ("ff84 e520f1ffffffff00", &["no line with the basic table"]),
    ] {
        no_dump(&folder, content.as_bytes(), words);
    }
    no_dump(&folder, &[0xff, 0xfe, 0x53], &["cannot read", "UTF-8"]);
    no_dump(&folder, &dump_bytes(), &["cannot read", "UTF-8"]);
}

#[test]
fn dumps_that_can_not_be_read() {
    let folder = Folder::new();
    let missing = folder.name("missing.hex");
    let this = folder.name("");
    for name in [missing.as_str(), this.as_str()] {
        for arguments in [&["identify", name][..], &["identify", "--json", name]] {
            assert_refused(&answer(arguments), &["cannot read", name]);
        }
    }
    let closed = folder.file("closed.hex", hex(&dump_bytes()).as_bytes());
    permit(&closed, 0o000);
    let said = answer_without_privileges(&folder, &["identify", &closed]);
    assert_refused(&said, &["cannot read", &closed]);
}

#[test]
fn a_dump_without_end() {
    assert_refused(
        &answer(&["identify", "/dev/zero"]),
        &["cannot read /dev/zero", "longer than any SFDP area"],
    );
}

#[test]
fn tables_that_lie() {
    type Lie = fn(&mut Vec<u8>);
    let lies: &[(Lie, &[&str])] = &[
        // The signature.
        (|dump| dump[0] = b'P', &["instead of 53 46 44 50"]),
        (|dump| dump[..4].reverse(), &["[50, 44, 46, 53]"]),
        // Without the dummy byte of 5Ah, all is one byte off.
        (|dump| dump.insert(0, 0xff), &["instead of 53 46 44 50"]),
        (|dump| dump.fill(0xff), &["begins with ff"]),
        (|dump| dump.fill(0), &["begins with 00"]),
        // Too short for the headers, and for the table.
        (|dump| dump.truncate(4), &["shorter than the SFDP header"]),
        (|dump| dump.truncate(8), &["no parameter header"]),
        (|dump| dump.truncate(15), &["no parameter header"]),
        (
            |dump| dump.truncate(0x6f),
            &["64 bytes at 0x30", "the dump ends at 0x6f"],
        ),
        // The headers.
        (|dump| dump[5] = 2, &["major revision 2"]),
        (|dump| dump[8] = 0x68, &["no parameter header"]),
        (|dump| dump[10] = 2, &["no parameter header"]),
        (|dump| dump[11] = 0, &["no parameter header"]),
        (|dump| dump[15] = 0, &["no parameter header"]),
        // The pointer: past the end of the dump, of the SFDP area, and onto the headers.
        (
            |dump| dump[12..15].copy_from_slice(&[0x00, 0x00, 0x01]),
            &["64 bytes at 0x10000", "dump more of the SFDP area"],
        ),
        (
            |dump| dump[12..15].copy_from_slice(&[0xff, 0xff, 0xff]),
            &["no parameter header"],
        ),
        (
            |dump| dump[12..15].copy_from_slice(&[0x04, 0x00, 0x00]),
            &["no parameter header"],
        ),
        // The basic table: shorter than any, blank.
        (|dump| dump[11] = 8, &["has 8 dwords"]),
        (|dump| dump[0x30..0x70].fill(0xff), &["table is all ff"]),
        (|dump| dump[0x30..0x70].fill(0), &["table is all 00"]),
        // Its second dword: bits less one, or an exponent of them.
        (
            |dump| dump[0x34..0x38].copy_from_slice(&[0, 0, 0, 0]),
            &["density 0x00000000"],
        ),
        (
            |dump| dump[0x34..0x38].copy_from_slice(&[6, 0, 0, 0]),
            &["density 0x00000006"],
        ),
        (
            |dump| dump[0x34..0x38].copy_from_slice(&[0xff; 4]),
            &["density 0xffffffff"],
        ),
        (
            |dump| dump[0x34..0x38].copy_from_slice(&[2, 0, 0, 0x80]),
            &["density 0x80000002"],
        ),
        (
            |dump| dump[0x34..0x38].copy_from_slice(&[0x25, 0, 0, 0x80]),
            &["more than 32 address bits"],
        ),
        // 16 MiB and 1 byte.
        (
            |dump| dump[0x34..0x38].copy_from_slice(&[7, 0, 0, 8]),
            &["not a whole number of pages"],
        ),
        // Its eighth and ninth: no erase at all.
        (|dump| dump[0x4c..0x54].fill(0), &["no erase type"]),
    ];
    let folder = Folder::new();
    for (number, (lie, words)) in lies.iter().enumerate() {
        let mut dump = dump_bytes();
        lie(&mut dump);
        assert_ne!(dump, dump_bytes(), "lie {number}");
        println!("lie {number}: {words:?}");
        no_dump(&folder, hex(&dump).as_bytes(), words);
    }
}

#[test]
fn an_id_that_nobody_answers_with() {
    let folder = Folder::new();
    for (id, word) in [("ffffff", "ff ff ff"), ("000000", "00 00 00")] {
        let content = format!("# X jedec {id}\n{}", hex(&dump_bytes()));
        no_dump(&folder, content.as_bytes(), &[word, "no part answered"]);
    }
}

// --- the command line -------------------------------------------------------------------

/// The parser of command lines says more than one line: what is wrong, how it is right,
/// and where help is.
#[test]
fn a_command_line_that_is_none() {
    let folder = Folder::new();
    let image = folder.image("image.img");
    let flash = image.path.as_str();
    for (arguments, word) in [
        (&["--nothing"][..], "--nothing"),
        (&["nothing"], "nothing"),
        (&["tour", "--nothing"], "--nothing"),
        (&["tour", "nothing"], "nothing"),
        (&["tour", "--seed", "x"], "--seed"),
        (&["tour", "--seed", "-1"], "-1"),
        (&["tour", "--seed", "18446744073709551616"], "--seed"),
        (&["tour", "--seed"], "--seed"),
        (&["--seed", "1", "parts"], "--seed"),
        (&["parts", "--nothing"], "--nothing"),
        (&["parts", "nothing"], "nothing"),
        (&["identify"], "<FILE.hex>"),
        (&["identify", ""], "<FILE.hex>"),
        (&["identify", "--nothing"], "--nothing"),
        (&["identify", "a", "b"], "'b'"),
        (&["run"], "--flash"),
        (&["run", "--flash", flash], "--app"),
        (&["run", "--flash", "", "--app", "dump"], "--flash"),
        (
            &["run", "--flash", flash, "--app", "dump", "--out", ""],
            "--out",
        ),
        (&["run", "--app", "dump"], "--flash"),
        (&["run", "--flash", flash, "--app"], "--app"),
        (
            &["run", "--flash", flash, "--app", "dump", "--nothing"],
            "--nothing",
        ),
        (
            &["run", "--flash", flash, "--app", "dump", "--limit", "-1"],
            "-1",
        ),
        (
            &["run", "--flash", flash, "--app", "dump", "--limit", "1.5"],
            "--limit",
        ),
        (
            &["run", "--flash", flash, "--flash", flash, "--app", "dump"],
            "--flash",
        ),
        (
            &["run", "--flash", flash, "--write=yes", "--app", "dump"],
            "--write",
        ),
    ] {
        assert_not_understood(&answer(arguments), &[word]);
        image.assert_untouched();
    }
}
