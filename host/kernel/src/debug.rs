// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! `debug!` and its kin: messages from the kernel to people.
//!
//! A board passes its [`DebugWriter`] to [`set_debug_writer_wrapper`]. Without
//! one, a board prints nothing; on the host the messages then go to the sink of
//! [`set_host_sink`], and without that to standard error. All of this is one
//! thread's own.

use core::cell::Cell;
use core::fmt::{self, Arguments, Write};
use std::cell::RefCell;

use crate::capabilities::SetDebugWriterCapability;
use crate::platform::chip::ThreadIdProvider;
use crate::processbuffer::ReadableProcessSlice;
use crate::utilities::io_write::IoWrite;

/// Takes messages, at once or for later.
pub trait DebugWriter {
    /// Takes `bytes`, and returns how many of them. If there is no room,
    /// `overflow_message` may stand in for what is lost.
    fn write(&self, bytes: &[u8], overflow_message: &[u8]) -> usize;

    /// How many bytes there is room for.
    fn available_len(&self) -> usize;

    /// How many bytes wait to be sent.
    fn to_write_len(&self) -> usize;

    /// Starts sending what waits, and returns how many bytes that is.
    fn publish(&self) -> usize;

    /// Sends what waits to `writer` instead, before it returns.
    fn flush(&self, writer: &mut dyn IoWrite);
}

impl Write for &dyn DebugWriter {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.write(s.as_bytes(), b"");
        Ok(())
    }
}

/// Where messages go that have no [`DebugWriter`].
pub type HostSink = Box<dyn FnMut(&str)>;

thread_local! {
    static INITIALIZED: Cell<bool> = const { Cell::new(false) };
    static WRITER: Cell<Option<&'static dyn DebugWriter>> = const { Cell::new(None) };
    static VERBOSE_COUNT: Cell<usize> = const { Cell::new(0) };
    static HOST_SINK: RefCell<Option<HostSink>> = const { RefCell::new(None) };
}

/// Sets up what [`set_debug_writer_wrapper`] needs. Panics if that was done
/// before.
pub fn initialize_debug_writer_wrapper<P: ThreadIdProvider>() {
    assert!(
        !INITIALIZED.replace(true),
        "the debug writer is set up already"
    );
}

/// As [`initialize_debug_writer_wrapper`], for chips without atomic
/// compare-and-swap.
///
/// # Safety
///
/// Must not run twice at once. (On the host that is safe all the same.)
pub unsafe fn initialize_debug_writer_wrapper_unsafe<P: ThreadIdProvider>() {
    initialize_debug_writer_wrapper::<P>();
}

/// Sends messages to `debug_writer` from now on. Without effect before
/// [`initialize_debug_writer_wrapper`].
pub fn set_debug_writer_wrapper<C: SetDebugWriterCapability>(
    debug_writer: &'static dyn DebugWriter,
    _cap: C,
) {
    if INITIALIZED.get() {
        WRITER.set(Some(debug_writer));
    }
}

/// Host only: sends this thread's messages to `sink` while there is no
/// [`DebugWriter`], or to standard error for `None`. Returns the sink so far.
///
/// A message from inside the sink goes to standard error.
pub fn set_host_sink(sink: Option<HostSink>) -> Option<HostSink> {
    HOST_SINK.replace(sink)
}

/// Host only: forgets this thread's [`DebugWriter`], as a restart of the board
/// would. The host sink stays.
pub fn reset_debug_writer() {
    INITIALIZED.set(false);
    WRITER.set(None);
    VERBOSE_COUNT.set(0);
}

fn print(args: Arguments, end_of_line: &str) {
    if let Some(mut writer) = WRITER.get() {
        // The writer takes what it has room for; nobody is told of the rest.
        let _ = write!(writer, "{args}{end_of_line}");
        writer.publish();
        return;
    }
    let text = format!("{args}{}", end_of_line.trim_start_matches('\r'));
    HOST_SINK.with(|sink| match sink.try_borrow_mut().as_deref_mut() {
        Ok(Some(sink)) => sink(&text),
        _ => eprint!("{text}"),
    });
}

/// Prints a message.
pub fn debug_print(args: Arguments) {
    print(args, "");
}

/// Prints a message and ends the line.
pub fn debug_println(args: Arguments) {
    print(args, "\r\n");
}

/// Prints a message after the number of such messages so far, and the place it
/// comes from.
pub fn debug_verbose_print(args: Arguments, file_line: &(&'static str, u32)) {
    verbose(args, file_line, "");
}

/// As [`debug_verbose_print`], and ends the line.
pub fn debug_verbose_println(args: Arguments, file_line: &(&'static str, u32)) {
    verbose(args, file_line, "\r\n");
}

fn verbose(args: Arguments, (file, line): &(&'static str, u32), end_of_line: &str) {
    let count = VERBOSE_COUNT.get() + 1;
    VERBOSE_COUNT.set(count);
    print(
        format_args!("TOCK_DEBUG({count}): {file}:{line}: {args}"),
        end_of_line,
    );
}

/// Passes what a process shares to the [`DebugWriter`], and returns how many
/// bytes it took. `Err` if there is none.
#[allow(clippy::result_unit_err)]
pub fn debug_slice(slice: &ReadableProcessSlice) -> Result<usize, ()> {
    let writer = WRITER.get().ok_or(())?;
    let taken = slice
        .iter()
        .map(|byte| writer.write(&[byte.get()], b""))
        .take_while(|taken| *taken > 0)
        .sum();
    writer.publish();
    Ok(taken)
}

/// How many bytes the [`DebugWriter`] has room for; 0 if there is none.
pub fn debug_available_len() -> usize {
    WRITER.get().map_or(0, |writer| writer.available_len())
}

/// Prints a line for people to read. Takes what `format!` takes.
#[macro_export]
macro_rules! debug {
    () => ({
        $crate::debug!("")
    });
    ($msg:expr $(,)?) => ({
        $crate::debug::debug_println(format_args!($msg));
    });
    ($fmt:expr, $($arg:tt)+) => ({
        $crate::debug::debug_println(format_args!($fmt, $($arg)+));
    });
}

/// Prints bytes that a process shares.
#[macro_export]
macro_rules! debug_process_slice {
    ($msg:expr $(,)?) => {{ $crate::debug::debug_slice($msg) }};
}

/// [`debug!`](crate::debug!) that says where it is and how many there were.
#[macro_export]
macro_rules! debug_verbose {
    () => ({
        $crate::debug_verbose!("")
    });
    ($msg:expr $(,)?) => ({
        $crate::debug::debug_verbose_println(format_args!($msg), &(file!(), line!()))
    });
    ($fmt:expr, $($arg:tt)+) => ({
        $crate::debug::debug_verbose_println(format_args!($fmt, $($arg)+), &(file!(), line!()))
    });
}

/// Prints an expression, its place and its value, and passes the value on.
#[macro_export]
macro_rules! debug_expr {
    () => {
        $crate::debug!("[{}:{}]", file!(), line!())
    };
    ($val:expr $(,)?) => {
        match $val {
            value => {
                $crate::debug!(
                    "[{}:{}] {} = {:#?}",
                    file!(),
                    line!(),
                    stringify!($val),
                    &value
                );
                value
            }
        }
    };
    ($($val:expr),+ $(,)?) => {
        ($($crate::debug_expr!($val)),+,)
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    /// What `print` sends to the host sink.
    fn printed(print: impl FnOnce()) -> String {
        let text = Rc::new(RefCell::new(String::new()));
        let sink = Rc::clone(&text);
        set_host_sink(Some(Box::new(move |s| sink.borrow_mut().push_str(s))));
        print();
        assert!(set_host_sink(None).is_some());
        text.take()
    }

    #[test]
    fn messages_go_to_the_host_sink() {
        assert_eq!(printed(|| debug!()), "\n");
        assert_eq!(printed(|| debug!("a {}", 1)), "a 1\n");
        assert_eq!(printed(|| debug_print(format_args!("b"))), "b");
    }

    #[test]
    fn verbose_messages_are_counted_and_placed() {
        reset_debug_writer();
        let (text, line) = (
            printed(|| {
                debug_verbose!("x");
                debug_verbose!("{}", "y");
            }),
            line!() - 3,
        );
        let file = file!();
        assert_eq!(
            text,
            format!(
                "TOCK_DEBUG(1): {file}:{line}: x\nTOCK_DEBUG(2): {file}:{}: y\n",
                line + 1
            )
        );
    }

    #[test]
    fn expressions_are_passed_on() {
        let mut sum = 0;
        let text = printed(|| sum = debug_expr!(1 + 2));
        assert_eq!(sum, 3);
        assert!(text.ends_with("] 1 + 2 = 3\n"), "{text}");
        let mut pair = (0, "");
        printed(|| pair = debug_expr!(1, "b"));
        assert_eq!(pair, (1, "b"));
    }

    enum Anyone {}
    // SAFETY: these tests do not tell threads apart by it.
    unsafe impl ThreadIdProvider for Anyone {
        fn running_thread_id() -> usize {
            0
        }
    }

    struct Collect {
        text: RefCell<Vec<u8>>,
        published: Cell<usize>,
    }

    impl DebugWriter for Collect {
        fn write(&self, bytes: &[u8], _overflow_message: &[u8]) -> usize {
            let taken = bytes.len().min(self.available_len());
            self.text.borrow_mut().extend(&bytes[..taken]);
            taken
        }
        fn available_len(&self) -> usize {
            8 - self.to_write_len()
        }
        fn to_write_len(&self) -> usize {
            self.text.borrow().len()
        }
        fn publish(&self) -> usize {
            self.published.set(self.published.get() + 1);
            self.to_write_len()
        }
        fn flush(&self, writer: &mut dyn IoWrite) {
            writer.write(&self.text.take());
        }
    }

    #[test]
    fn a_debug_writer_comes_before_the_host_sink() {
        reset_debug_writer();
        let writer: &'static Collect = Box::leak(Box::new(Collect {
            text: RefCell::new(Vec::new()),
            published: Cell::new(0),
        }));
        let cap = || crate::create_capability!(SetDebugWriterCapability);

        set_debug_writer_wrapper(writer, cap());
        assert_eq!(printed(|| debug!("no effect yet")), "no effect yet\n");
        assert_eq!(debug_available_len(), 0);

        initialize_debug_writer_wrapper::<Anyone>();
        set_debug_writer_wrapper(writer, cap());
        assert_eq!(printed(|| debug!("abc")), "");
        assert_eq!(writer.text.borrow().as_slice(), b"abc\r\n");
        assert_eq!((debug_available_len(), writer.published.get()), (3, 1));

        reset_debug_writer();
        assert_eq!(printed(|| debug!("abc")), "abc\n");
        // SAFETY: it came from the box leaked above, and the reset forgot it.
        drop(unsafe { Box::from_raw(std::ptr::from_ref(writer).cast_mut()) });
    }

    #[test]
    #[should_panic = "the debug writer is set up already"]
    fn setting_up_twice_panics() {
        reset_debug_writer();
        initialize_debug_writer_wrapper::<Anyone>();
        initialize_debug_writer_wrapper::<Anyone>();
    }
}
