//! The Markdown pages of the repository, taken apart: headings, prose, code spans and code blocks.

use std::fs;
use std::path::{Path, PathBuf};

use crate::root;

pub struct Page {
    /// Below the repository's root.
    pub path: PathBuf,
    pub text: String,
}

/// A fenced block of code: the word after the fence, and what is in it.
pub struct Block {
    pub language: String,
    pub text: String,
}

/// Every page, but for what is built or not ours.
pub fn pages() -> Vec<Page> {
    let mut pages = Vec::new();
    collect(root(), &mut pages);
    pages.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(pages.len() > 8, "only {} pages were found", pages.len());
    pages
}

fn collect(folder: &Path, pages: &mut Vec<Page>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            collect(&path, pages);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            let text = fs::read_to_string(&path).unwrap();
            pages.push(Page { path: path.strip_prefix(root()).unwrap().to_owned(), text });
        }
    }
}

pub fn page(path: &str) -> Page {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    Page { path: path.into(), text }
}

impl Page {
    /// The lines outside of code blocks.
    pub fn prose(&self) -> String {
        let mut prose = String::new();
        let mut is_code = false;
        for line in self.text.lines() {
            if line.trim_start().starts_with("```") {
                is_code = !is_code;
            } else if !is_code {
                prose.push_str(line);
                prose.push('\n');
            }
        }
        prose
    }

    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut is_code = false;
        for line in self.text.lines() {
            match line.trim_start().strip_prefix("```") {
                Some(language) if !is_code => {
                    blocks.push(Block { language: language.trim().to_owned(), text: String::new() });
                    is_code = true;
                }
                Some(_) => is_code = false,
                None if is_code => {
                    let block = blocks.last_mut().unwrap();
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                None => {}
            }
        }
        blocks
    }

    /// What stands between single backticks in the prose.
    pub fn spans(&self) -> Vec<String> {
        let prose = self.prose();
        prose
            .split('`')
            .skip(1)
            .step_by(2)
            .map(|span| span.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect()
    }

    pub fn headings(&self) -> Vec<String> {
        let prose = self.prose();
        let of_line = |line: &str| {
            let title = line.trim_start_matches('#');
            (title.len() < line.len()).then(|| title.strip_prefix(' ').map(str::to_owned)).flatten()
        };
        prose.lines().filter_map(of_line).collect()
    }

    /// The anchors of its headings, as GitHub makes them.
    pub fn anchors(&self) -> Vec<String> {
        let mut anchors: Vec<String> = Vec::new();
        for heading in self.headings() {
            let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
            let anchor: String = heading.to_lowercase().chars().filter(kept).collect();
            let anchor = anchor.replace(' ', "-");
            let repeats = anchors.iter().filter(|known| **known == anchor).count();
            anchors.push(if repeats == 0 { anchor } else { format!("{anchor}-{repeats}") });
        }
        anchors
    }
}
