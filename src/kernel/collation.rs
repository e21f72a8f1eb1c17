//! The order of names for people. The stores would sort names by bytes or by other rules, and each store differently.

use icu_collator::{CollatorBorrowed, options::CollatorOptions};

/// The key by whose bytes names are sorted as people sort them, in the order of the Unicode Collation Algorithm (UTS 10)
/// without the rules of one language.
pub fn sort_key(name: &str) -> Vec<u8> {
    let collator = CollatorBorrowed::try_new(Default::default(), CollatorOptions::default())
        .expect("the order of no language is compiled in");
    let mut key = Vec::new();
    let Ok(()) = collator.write_sort_key_to(name, &mut key);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_as_people_sort_them() {
        let sorted =
            ["100%", "Ähren", "Äpfel", "apple", "Apple", "Banane", "éclair", "Öl", "zebra", "東京"];
        let mut names = sorted.to_vec();
        names.reverse();
        names.sort_by_key(|name| sort_key(name));
        assert_eq!(names, sorted);
    }
}
