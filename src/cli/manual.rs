//! `keyseal completions` and `keyseal manpage`: what shells and `man` know of the command line, made from the
//! command line itself.

use std::fs;
use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man;

use super::{Cli, Output, Result};

#[derive(clap::Args)]
pub struct CompletionsArgs {
    /// The shell that reads the script
    shell: Shell,
}

#[derive(clap::Args)]
pub struct ManpageArgs {
    /// Write a page for each command into this directory, instead of the one of "keyseal" to standard output
    directory: Option<PathBuf>,
}

pub fn completions(args: &CompletionsArgs, output: &mut Output<'_>) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "keyseal", &mut script);
    Ok(output.writer().write_all(&script)?)
}

pub fn manpage(args: &ManpageArgs, output: &mut Output<'_>) -> Result {
    let Some(directory) = &args.directory else {
        let mut page = Vec::new();
        Man::new(Cli::command()).render(&mut page)?;
        return Ok(output.writer().write_all(&page)?);
    };
    let wrong = |error| format!("can't write man pages to {}: {error}", directory.display());
    Ok(write_pages(directory).map_err(wrong)?)
}

fn write_pages(directory: &Path) -> std::io::Result<()> {
    fs::create_dir_all(directory)?;
    clap_mangen::generate_to(Cli::command(), directory)
}
