//! `keyseal completions` and `keyseal manpage`, generated from the command line's definition.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

use super::{Output, Result};

#[derive(clap::Args)]
pub struct CompletionsArgs {
    /// Shell to complete in
    shell: Shell,
}

#[derive(clap::Args)]
pub struct ManpageArgs {
    /// Directory to write a page for each command to [default: print the page of "keyseal"]
    directory: Option<PathBuf>,
}

pub fn completions(args: &CompletionsArgs, mut command: Command, output: &mut Output<'_>) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "keyseal", &mut script);
    Ok(output.writer().write_all(&script)?)
}

pub fn manpage(args: &ManpageArgs, command: Command, output: &mut Output<'_>) -> Result {
    let Some(directory) = &args.directory else {
        let mut page = Vec::new();
        Man::new(command).render(&mut page)?;
        return Ok(output.writer().write_all(&page)?);
    };
    let failed = |error| format!("can't write man pages to {}: {error}", directory.display());
    Ok(write_pages(command, directory).map_err(failed)?)
}

fn write_pages(command: Command, directory: &Path) -> std::io::Result<()> {
    fs::create_dir_all(directory)?;
    clap_mangen::generate_to(command, directory)
}
