// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A linked list whose links are in its members.

use core::cell::Cell;

/// The link a member carries.
pub struct ListLink<'a, T: 'a + ?Sized>(Cell<Option<&'a T>>);

impl<'a, T: ?Sized> ListLink<'a, T> {
    /// A link to nothing.
    pub const fn empty() -> ListLink<'a, T> {
        ListLink(Cell::new(None))
    }
}

/// What can be a member of a list; of one list at a time, since it has one link.
pub trait ListNode<'a, T: ?Sized> {
    /// The link.
    fn next(&'a self) -> &'a ListLink<'a, T>;
}

/// A list.
pub struct List<'a, T: 'a + ?Sized + ListNode<'a, T>> {
    head: ListLink<'a, T>,
}

/// Goes through a list from head to tail.
pub struct ListIterator<'a, T: 'a + ?Sized + ListNode<'a, T>> {
    cur: Option<&'a T>,
}

impl<'a, T: ?Sized + ListNode<'a, T>> Iterator for ListIterator<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        let node = self.cur?;
        self.cur = node.next().0.get();
        Some(node)
    }
}

impl<'a, T: ?Sized + ListNode<'a, T>> List<'a, T> {
    /// A list without members.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> List<'a, T> {
        List {
            head: ListLink::empty(),
        }
    }

    /// The first member.
    pub fn head(&self) -> Option<&'a T> {
        self.head.0.get()
    }

    /// Makes `node` the first member.
    pub fn push_head(&self, node: &'a T) {
        node.next().0.set(self.head());
        self.head.0.set(Some(node));
    }

    /// Makes `node` the last member.
    pub fn push_tail(&self, node: &'a T) {
        node.next().0.set(None);
        let link = self.iter().last().map_or(&self.head, |last| last.next());
        link.0.set(Some(node));
    }

    /// Removes the first member.
    pub fn pop_head(&self) -> Option<&'a T> {
        let node = self.head()?;
        self.head.0.set(node.next().0.get());
        Some(node)
    }

    /// Goes through the members, first to last.
    pub fn iter(&self) -> ListIterator<'a, T> {
        ListIterator { cur: self.head() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Node<'a> {
        name: char,
        link: ListLink<'a, Node<'a>>,
    }

    impl<'a> ListNode<'a, Node<'a>> for Node<'a> {
        fn next(&'a self) -> &'a ListLink<'a, Node<'a>> {
            &self.link
        }
    }

    fn names<'a>(list: &List<'a, Node<'a>>) -> String {
        list.iter().map(|node| node.name).collect()
    }

    #[test]
    fn members_are_added_at_both_ends_and_removed_at_the_head() {
        let node = |name| Node {
            name,
            link: ListLink::empty(),
        };
        // Before the list, which borrows them.
        let (a, b, c) = (node('a'), node('b'), node('c'));
        let list = List::new();
        assert!(list.head().is_none());
        assert!(list.pop_head().is_none());
        list.push_tail(&b);
        list.push_tail(&c);
        list.push_head(&a);
        assert_eq!(names(&list), "abc");
        assert_eq!(list.head().map(|node| node.name), Some('a'));
        assert_eq!(list.pop_head().map(|node| node.name), Some('a'));
        list.push_tail(&a);
        assert_eq!(names(&list), "bca");
    }
}
