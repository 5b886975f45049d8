//! Links between pages: the file and the heading that each leads to are there.

use std::path::{Component, Path, PathBuf};

use crate::page::{Page, pages};
use crate::root;

/// The targets of `[text](target)` and of reference definitions, outside of code.
fn links(page: &Page) -> Vec<String> {
    let prose = page.prose();
    let text: String = prose.split('`').step_by(2).collect::<Vec<_>>().join("code");
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.to_owned())
        .collect()
}

/// A path below the root, with `..` taken away.
fn resolve(from: &Path, target: &str) -> PathBuf {
    let mut path = from.parent().unwrap().to_owned();
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir => {
                assert!(path.pop(), "{target} in {} leads out of the repository", from.display());
            }
            Component::CurDir => {}
            part => path.push(part),
        }
    }
    path
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let pages = pages();
    let mut count = 0;
    for page in &pages {
        for link in links(page) {
            if link.contains("://") {
                continue;
            }
            count += 1;
            let (file, anchor) =
                link.split_once('#').map_or((link.as_str(), None), |(file, anchor)| (file, Some(anchor)));
            let target = if file.is_empty() { page.path.clone() } else { resolve(&page.path, file) };
            let shown = page.path.display();
            assert!(
                root().join(&target).exists(),
                "{shown} links to {link}: there is no {}",
                target.display()
            );
            let Some(anchor) = anchor else { continue };
            let linked = pages.iter().find(|page| page.path == target);
            let linked = linked.unwrap_or_else(|| panic!("{shown} links to {link}, which is no page"));
            assert!(
                linked.anchors().iter().any(|known| known == anchor),
                "{shown} links to {link}: no such heading"
            );
        }
    }
    assert!(count > 40, "only {count} links were found");
}

#[test]
fn anchors_are_githubs() {
    let text =
        "# A `b_c`: d, e.f\n```sh\n# no heading\n```\n## 4.15 POST /create-x\n## Same\n## Same\n".to_owned();
    let page = Page { path: "x.md".into(), text };
    assert_eq!(page.anchors(), ["a-b_c-d-ef", "415-post-create-x", "same", "same-1"]);
}
