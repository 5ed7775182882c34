//! Scenario files, and those that a scenario names: read from the scenario's folder, or from wherever a saved run keeps them.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Where a scenario's other files come from.
pub trait Files {
    /// The bytes of the file of this name.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;

    /// Where it is looked for, in words.
    fn places(&self) -> String {
        "beside the scenario".to_owned()
    }
}

/// Files of a folder.
#[derive(Clone, Debug)]
pub struct Folder(pub PathBuf);

impl Files for Folder {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        read(&self.0.join(name))
    }
}

/// Files beside a scenario, and in other folders if they are not there.
#[derive(Clone, Debug, Default)]
pub struct Folders {
    /// The scenario's folder.
    pub beside: PathBuf,
    /// The others, in the order in which they are looked into.
    pub data: Vec<PathBuf>,
}

impl Files for Folders {
    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut found = read(&self.beside.join(name));
        for folder in &self.data {
            if !found.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
                break;
            }
            found = read(&folder.join(name));
        }
        found
    }

    fn places(&self) -> String {
        let folders = self.data.iter().map(|folder| format!(", then in {}", folder.display()));
        format!("beside the scenario{}", folders.collect::<String>())
    }
}

/// The bytes of a file.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let described = file.metadata()?;
    if described.is_file() && described.len() > BYTES_MAX {
        return Err(too_large());
    }
    read_all(file)
}

/// The files in a folder whose names end so, in order of name.
pub fn of_folder(folder: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    let paths = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<io::Result<Vec<PathBuf>>>()?;
    paths.retain(|path| path.extension().is_some_and(|other| other == extension));
    paths.sort();
    Ok(paths)
}

/// Everything there is to read, unless it is too much: a pipe or a device does not say how long it is.
pub fn read_all(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(too_large());
    }
    Ok(bytes)
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {BYTES_MAX} bytes"))
}

/// No files at all.
#[derive(Clone, Copy, Debug)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> io::Result<Vec<u8>> {
        Err(io::Error::new(io::ErrorKind::NotFound, "there are no files here"))
    }
}

/// Larger files are not read, nor what unpacks to more: a scenario, a CSV of lookups or measured data are never that long.
pub(crate) const BYTES_MAX: u64 = 256 << 20;
