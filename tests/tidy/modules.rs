//! Which module of `src` uses which.

use std::collections::{BTreeMap, BTreeSet};

use crate::paths::{self, Path};
use crate::source::{Source, sources};

/// The modules of the crate, by their paths.
pub struct Modules {
    sources: BTreeMap<Path, Source>,
    /// What a module gives out under a name of its own: the path that it comes from.
    reexports: BTreeMap<(Path, String), Path>,
}

impl Modules {
    pub fn read() -> Self {
        Self::new(sources())
    }

    fn new(sources: Vec<Source>) -> Self {
        let sources: BTreeMap<Path, Source> =
            sources.into_iter().map(|source| (source.module.clone(), source)).collect();
        let mut modules = Self { sources, reexports: BTreeMap::new() };
        let reexports = modules.sources.values().flat_map(|source| {
            let paths = paths::reexports(&source.code).into_iter();
            paths.filter_map(|path| {
                let name = path.last()?.clone();
                let path = modules.absolute(&source.module, path, true)?;
                Some(((source.module.clone(), name), path))
            })
        });
        modules.reexports = reexports.collect();
        modules
    }

    /// Each use of a module in another: from where, and of what.
    pub fn uses(&self) -> BTreeSet<(&Path, &Path)> {
        let uses = self.sources.iter().flat_map(|(from, source)| {
            let used = paths::local(&source.code).into_iter();
            used.filter_map(move |path| Some((from, self.home(&self.absolute(from, path, false)?, 0))))
        });
        uses.filter(|(from, to)| from != to).collect()
    }

    /// Each module that has modules below it.
    pub fn folders(&self) -> BTreeSet<&[String]> {
        self.sources.keys().filter_map(|path| path.split_last()).map(|(_, folder)| folder).collect()
    }

    /// A path from the crate's root; none if it leads out of the crate. In a `use`, one may begin with the name of a
    /// module below.
    fn absolute(&self, module: &Path, path: Path, in_use: bool) -> Option<Path> {
        let first = path.first()?;
        let below = || [&module[..], std::slice::from_ref(first)].concat();
        let mut at = match first.as_str() {
            "crate" => Path::new(),
            "super" | "self" => module.clone(),
            _ if in_use && self.sources.contains_key(&below()) => module.clone(),
            _ => return None,
        };
        for name in path {
            match name.as_str() {
                "crate" | "self" => {}
                "super" => drop(at.pop()),
                _ => at.push(name),
            }
        }
        Some(at)
    }

    /// The module that defines what a path leads to.
    fn home(&self, path: &Path, depth: usize) -> &Path {
        assert!(depth < 20, "{path:?} is given out in a circle");
        let at = (0..=path.len()).rev().find_map(|length| self.sources.get_key_value(&path[..length]));
        let (module, _) = at.expect("the crate's root is a module");
        let name = path.get(module.len());
        match name.and_then(|name| self.reexports.get(&(module.clone(), name.clone()))) {
            Some(origin) if origin != path => self.home(origin, depth + 1),
            _ => module,
        }
    }
}

/// The uses within a folder that make a circle. The folder's own `mod.rs` is not part of one: it may use what it
/// gives out, and hold what its files share.
pub fn circle<'m>(folder: &[String], uses: &BTreeSet<(&'m Path, &'m Path)>) -> Vec<(&'m Path, &'m Path)> {
    let within = |path: &'m Path| path.strip_prefix(folder).and_then(|rest| rest.first());
    let mut left: Vec<(&Path, &Path)> = uses
        .iter()
        .filter(|(from, to)| within(from).is_some() && within(to).is_some() && within(from) != within(to))
        .copied()
        .collect();
    // Take away the uses of what uses nothing, and those by what nothing uses, until nothing changes.
    loop {
        let before = left.len();
        let from: BTreeSet<_> = left.iter().map(|(from, _)| within(from)).collect();
        let to: BTreeSet<_> = left.iter().map(|(_, to)| within(to)).collect();
        left.retain(|(user, used)| from.contains(&within(used)) && to.contains(&within(user)));
        if left.len() == before {
            return left;
        }
    }
}

#[test]
fn a_circle_is_found_also_through_a_name_that_is_given_out() {
    let source = |module: &[&str], code: &str| Source {
        path: String::new(),
        module: module.iter().map(|&name| name.to_owned()).collect(),
        code: code.to_owned(),
    };
    for (code, found) in [("use crate::x::B;", true), ("use super::B as C;", true), ("use super::D;", false)]
    {
        let modules = Modules::new(vec![
            source(&[], "mod x;"),
            source(&["x"], "pub use b::B; pub struct D;"),
            source(&["x", "a"], code),
            source(&["x", "b"], "fn f() -> super::a::A { crate::x::c::C }"),
            source(&["x", "c"], ""),
        ]);
        let circle = circle(&["x".to_owned()], &modules.uses());
        assert_eq!(!circle.is_empty(), found, "{code}: {circle:?}");
    }
}
