// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Macros and functions that fit nowhere else.

/// Makes a value that has the capabilities listed.
///
/// `create_capability!(path::ToCapability, ...)`. Compiles only where `unsafe`
/// is allowed:
///
/// ```
/// let cap = kernel::create_capability!(kernel::capabilities::MainLoopCapability);
/// ```
///
/// ```compile_fail,E0453
/// #![forbid(unsafe_code)]
/// let cap = kernel::create_capability!(kernel::capabilities::MainLoopCapability);
/// ```
#[macro_export]
macro_rules! create_capability {
    ($($T:ty),+) => {{
        // A crate that forbids `unsafe` rejects this attribute, which keeps the
        // macro from being a way round that.
        #[allow(unsafe_code)]
        struct Cap(());
        $(
            // SAFETY: where `unsafe` is allowed, code may have capabilities.
            unsafe impl $T for Cap {}
        )*
        Cap(())
    }};
}

/// As [`create_capability!`](crate::create_capability), with names: defines a
/// type `Type` and a variable `var` that holds its one value.
///
/// `create_typed_capability!(var, Type: path::ToCapability, ...)`.
#[macro_export]
macro_rules! create_typed_capability {
    ($var:ident, $type:ident: $($T:path),+ $(,)?) => {
        // Variables have a namespace apart from modules, so the variable's name
        // is free to name the module.
        mod $var {
            #[allow(unused_imports)]
            use super::*;

            pub struct $type(());

            $(
                // SAFETY: where `unsafe` is allowed, code may have capabilities.
                #[allow(unsafe_code)]
                unsafe impl $T for $type {}
            )*

            impl $type {
                #[doc(hidden)]
                pub unsafe fn __new_only_for_use_in_macro() -> Self {
                    Self(())
                }
            }
        }
        use $var::$type;
        // SAFETY: this is the macro the function is for.
        let $var = unsafe { $type::__new_only_for_use_in_macro() };
    };
}

/// Defines a type with the capabilities listed, of which
/// [`mint_defined_capability!`](crate::mint_defined_capability) makes values.
///
/// `define_capability_type!(Type: path::ToCapability, ...)`.
#[macro_export]
macro_rules! define_capability_type {
    ($type:ident: $($T:path),+ $(,)?) => {
        /// Has capabilities. Made by the code that defines it and no other.
        pub struct $type {
            _not_for_public_construction: (),
        }

        $(
            // SAFETY: where `unsafe` is allowed, code may have capabilities.
            #[allow(unsafe_code)]
            unsafe impl $T for $type {}
        )*

        impl $type {
            #[doc(hidden)]
            unsafe fn __macro_only_capability_creator() -> Self {
                Self { _not_for_public_construction: () }
            }
        }
    };
}

/// Makes a value of a type that
/// [`define_capability_type!`](crate::define_capability_type) defined in the
/// same module. Must be in an `unsafe` block.
#[macro_export]
macro_rules! mint_defined_capability {
    ($type:ident) => {
        $type::__macro_only_capability_creator()
    };
}

/// How many expressions there are.
#[macro_export]
macro_rules! count_expressions {
    () => (0usize);
    ($head:expr $(,)?) => (1usize);
    ($head:expr, $($tail:expr),* $(,)?) => (1usize + $crate::count_expressions!($($tail),*));
}

/// Defines the kernel's stack, of so many bytes. The host brings its own, and
/// keeps the static for its size only.
#[macro_export]
macro_rules! stack_size {
    {$size:expr} => {
        #[allow(dead_code)]
        static mut STACK_MEMORY: [u8; $size] = [0; $size];
    }
}

/// Initialises a struct in uninitialised memory, field by field.
///
/// `init_uninit_struct!(memory => Type<generics> { field: value, ... })`, with
/// `memory` a `MaybeUninit`. Names every field, or it does not compile. Must be
/// in an `unsafe` block.
#[macro_export]
macro_rules! init_uninit_struct {
    ($s:expr => $t:ident < $($gen:tt),* > { $($field:ident : $value:expr),* $(,)? }) => {
        // Never runs. It is there for the compiler to check the fields.
        #[allow(unreachable_code, clippy::diverging_sub_expression)]
        if false {
            let _: $t<$($gen),*> = $t { $($field: todo!()),* };
        }
        let s = $s.as_mut_ptr();
        $(
            (&raw mut (*s).$field).write($value);
        )*
    };
}

/// `val` as the unsigned integer of the same width.
#[cfg(target_pointer_width = "32")]
pub fn usize_as_native_mut(val: &mut usize) -> &mut u32 {
    // SAFETY: both types are 32 bits wide here and any bits will do for both.
    unsafe { &mut *core::ptr::from_mut(val).cast() }
}

/// `val` as the unsigned integer of the same width.
#[cfg(target_pointer_width = "64")]
pub fn usize_as_native_mut(val: &mut usize) -> &mut u64 {
    // SAFETY: both types are 64 bits wide here and any bits will do for both.
    unsafe { &mut *core::ptr::from_mut(val).cast() }
}

/// The CRC-32 of POSIX `cksum`, of `b` alone: unlike the tool's, it does not
/// take the length in.
pub fn crc32_posix(b: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0x04C1_1DB7;

    !b.iter().fold(0u32, |crc, byte| {
        (0..8).fold(crc ^ (u32::from(*byte) << 24), |crc, _| {
            let carry = if crc >> 31 == 1 { POLYNOMIAL } else { 0 };
            (crc << 1) ^ carry
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capabilities::{MainLoopCapability, MemoryAllocationCapability};
    use core::mem::MaybeUninit;

    fn needs_both<C: MainLoopCapability + MemoryAllocationCapability>(_: &C) -> bool {
        true
    }

    define_capability_type!(Defined: MainLoopCapability, MemoryAllocationCapability);

    stack_size! {64}

    #[test]
    fn capabilities_are_made_three_ways() {
        let anonymous = create_capability!(MainLoopCapability, MemoryAllocationCapability);
        assert!(needs_both(&anonymous));

        create_typed_capability!(
            typed,
            Typed: crate::capabilities::MainLoopCapability,
            crate::capabilities::MemoryAllocationCapability
        );
        let typed: Typed = typed;
        assert!(needs_both(&typed));

        // SAFETY: this test may have the capabilities.
        let defined = unsafe { mint_defined_capability!(Defined) };
        assert!(needs_both(&defined));
    }

    #[test]
    fn expressions_are_counted() {
        assert_eq!(count_expressions!(), 0);
        assert_eq!(count_expressions!(1), 1);
        assert_eq!(count_expressions!(1, "b", 2 + 3,), 3);
    }

    #[test]
    fn a_struct_is_initialised_in_place() {
        struct Pair<A, B> {
            a: A,
            b: B,
        }
        let mut memory = MaybeUninit::<Pair<u8, String>>::uninit();
        // SAFETY: the memory is writable, and all fields are initialised before
        // it is read.
        let pair = unsafe {
            init_uninit_struct!(memory => Pair<u8, String> { a: 1, b: String::from("b") });
            memory.assume_init()
        };
        assert_eq!((pair.a, pair.b.as_str()), (1, "b"));
    }

    #[test]
    fn a_usize_is_changed_as_its_native_integer() {
        let mut value = 1usize;
        *usize_as_native_mut(&mut value) += 1;
        assert_eq!(value, 2);
    }

    #[test]
    fn crc_of_the_check_string() {
        // `cksum` takes the length's bytes in after the data: 9 here.
        assert_eq!(crc32_posix(b"123456789\x09"), 930_766_865);
        assert_eq!(crc32_posix(b""), u32::MAX);
    }
}
