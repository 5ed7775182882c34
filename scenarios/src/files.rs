//! Files that a scenario names: read from the scenario's folder, or from wherever a saved run keeps them.

use std::io;
use std::path::PathBuf;

/// Where a scenario's other files come from.
pub trait Files {
    /// The bytes of the file of this name.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;
}

/// Files of a folder.
#[derive(Clone, Debug)]
pub struct Folder(pub PathBuf);

impl Files for Folder {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let path = self.0.join(name);
        let size = std::fs::metadata(&path)?.len();
        if size > BYTES_MAX {
            let problem = format!("it has {size} bytes, more than {BYTES_MAX}");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
        }
        std::fs::read(path)
    }
}

/// No files at all.
#[derive(Clone, Copy, Debug)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> io::Result<Vec<u8>> {
        Err(io::Error::new(io::ErrorKind::NotFound, "there are no files here"))
    }
}

/// Larger files are not read: a CSV of lookups or a scenario is never that long.
pub const BYTES_MAX: u64 = 256 << 20;
