//! Writing files so that nothing is lost: a temporary file beside the target, synced, then renamed onto it.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Writes a file whole or not at all. A file that is there is replaced only if `may_replace` says so of its beginning.
pub fn write(path: &Path, bytes: &[u8], may_replace: impl Fn(&[u8]) -> bool) -> io::Result<()> {
    write_with(path, may_replace, |out| out.write_all(bytes))
}

/// The same, for what need not be in memory at once.
pub fn write_with(
    path: &Path,
    may_replace: impl Fn(&[u8]) -> bool,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    check(path, may_replace)?;
    let file = tempfile::Builder::new().prefix(".dhtsim-").permissions(mode()).tempfile_in(parent(path))?;
    let mut out = BufWriter::new(file);
    write(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Complains of a path at which [`write()`] would not write, so that nobody works for it in vain.
pub fn check(path: &Path, may_replace: impl Fn(&[u8]) -> bool) -> io::Result<()> {
    let folder = parent(path);
    if !folder.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no folder {}", folder.display())));
    }
    let problem = if !path.exists() {
        return Ok(());
    } else if !path.is_file() {
        "it is there already, and no plain file"
    } else if !may_replace(&beginning(path)?) {
        "there is a file of that name already, and it was not written by this command"
    } else {
        return Ok(());
    };
    Err(io::Error::new(io::ErrorKind::AlreadyExists, problem))
}

/// Makes a folder, and those that it lies in, unless it is there.
pub fn create_folder(path: &Path) -> io::Result<()> {
    if path.exists() && !path.is_dir() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is there already, and no folder"));
    }
    fs::create_dir_all(path)
}

/// Complains of a path at which [`write_folder`] would not write.
pub fn check_folder(path: &Path) -> io::Result<()> {
    if path.exists() && (!path.is_dir() || fs::read_dir(path)?.next().is_some()) {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is there already, and not an empty folder"));
    }
    Ok(())
}

/// Writes a folder whole or not at all. A folder that is there must be empty.
pub fn write_folder(path: &Path, files: &[(String, Vec<u8>)]) -> io::Result<()> {
    check_folder(path)?;
    let parent = parent(path);
    fs::create_dir_all(parent)?;
    let folder = tempfile::Builder::new().prefix(".dhtsim-").tempdir_in(parent)?;
    for (name, bytes) in files {
        let target = folder.path().join(name);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file = fs::File::create(target)?;
        file.write_all(bytes)?;
        file.sync_all()?;
    }
    set_folder_mode(folder.path())?;
    fs::rename(folder.path(), path)?;
    // The temporary folder now bears its final name; there is nothing left to clean up.
    let _ = folder.keep();
    Ok(())
}

/// The folder that a path is in.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."))
}

fn beginning(path: &Path) -> io::Result<Vec<u8>> {
    use std::io::Read;
    let mut start = Vec::new();
    fs::File::open(path)?.take(BEGINNING).read_to_end(&mut start)?;
    Ok(start)
}

#[cfg(unix)]
fn mode() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o644)
}

#[cfg(not(unix))]
fn mode() -> fs::Permissions {
    fs::metadata(".").map(|data| data.permissions()).expect("the working folder is there")
}

#[cfg(unix)]
fn set_folder_mode(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
}

#[cfg(not(unix))]
fn set_folder_mode(_: &Path) -> io::Result<()> {
    Ok(())
}

const BEGINNING: u64 = 256;
