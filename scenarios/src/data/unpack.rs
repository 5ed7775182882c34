//! Files that are compressed, unpacked as far as is bearable: what they are is told by how they begin.

use std::io;

use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;

use crate::files::{self, BYTES_MAX};

/// The bytes of a file of this name, unpacked if they begin as `xz` or `gzip` do. A name that says so must be right.
pub(super) fn unpack(name: &str, bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let known = [("xz", "xz", &XZ_MAGIC[..]), ("gz", "gzip", &GZIP_MAGIC[..])];
    let Some((_, format, _)) = known.iter().find(|(_, _, magic)| bytes.starts_with(magic)) else {
        let said = known.iter().find(|(extension, ..)| name.ends_with(&format!(".{extension}")));
        return match said {
            Some((_, format, _)) => Err(format!("it is not compressed with {format}, as its name says")),
            None => Ok(bytes),
        };
    };
    let unpacked = match *format {
        "xz" => files::read_all(XzReader::new_mem_limit(bytes.as_slice(), true, XZ_MEMORY_KIB)),
        _ => files::read_all(MultiGzDecoder::new(bytes.as_slice())),
    };
    unpacked.map_err(|error| complaint(format, &error))
}

fn complaint(format: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::FileTooLarge => format!("unpacked, it has more than {BYTES_MAX} bytes"),
        io::ErrorKind::UnexpectedEof => format!("it ends in the middle of its {format} stream"),
        io::ErrorKind::OutOfMemory => {
            format!("to unpack it would take more than {} MiB of memory", XZ_MEMORY_KIB / 1024)
        }
        _ => format!("its {format} stream is damaged: {error}"),
    }
}

const XZ_MAGIC: [u8; 6] = *b"\xfd7zXZ\0";
const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
/// Twice the dictionary of `xz -9`.
const XZ_MEMORY_KIB: u32 = 128 << 10;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use lzma_rust2::{XzOptions, XzWriter};

    use super::*;

    const TEXT: &[u8] = b"0,1,2\n1,0,3\n2,3,0\n";

    #[test]
    fn what_is_packed_is_known_by_its_beginning() {
        for name in ["a.csv", "a.csv.xz", "a"] {
            assert_eq!(unpack(name, xz(TEXT)).as_deref(), Ok(TEXT), "{name}");
            assert_eq!(unpack(name, gzip(TEXT)).as_deref(), Ok(TEXT), "{name}");
        }
        assert_eq!(unpack("a.csv", TEXT.to_vec()).as_deref(), Ok(TEXT));
        assert_eq!(unpack("a.csv", [xz(TEXT), xz(TEXT)].concat()), Ok([TEXT, TEXT].concat()), "one after the other");
    }

    #[test]
    fn a_name_that_says_so_must_be_right() {
        let problem = |name| unpack(name, TEXT.to_vec()).expect_err("not packed");
        assert_eq!(problem("a.csv.xz"), "it is not compressed with xz, as its name says");
        assert_eq!(problem("a.csv.gz"), "it is not compressed with gzip, as its name says");
    }

    #[test]
    fn what_is_cut_short_or_damaged_is_refused_wherever_that_is() {
        for packed in [xz(TEXT), gzip(TEXT)] {
            for end in 6..packed.len() {
                let problem = unpack("a", packed[..end].to_vec()).expect_err("cut short");
                assert!(problem.contains("ends in the middle"), "{end} of {}: {problem}", packed.len());
            }
            for place in 12..packed.len() {
                let mut damaged = packed.clone();
                damaged[place] ^= 0x55;
                assert_ne!(unpack("a", damaged).as_deref(), Ok(&TEXT[1..]), "{place}");
            }
        }
    }

    #[test]
    fn what_unpacks_to_two_gigabytes_is_refused() {
        let zeros = vec![0; 16 << 20];
        for packed in [xz(&zeros), gzip(&zeros)] {
            let bomb = packed.repeat(128);
            assert!(bomb.len() < 4 << 20, "{} bytes", bomb.len());
            let problem = unpack("a", bomb).expect_err("too much");
            assert_eq!(problem, "unpacked, it has more than 268435456 bytes");
        }
    }

    #[test]
    fn a_dictionary_that_takes_all_memory_is_refused() {
        let mut packed = xz(TEXT);
        let at = packed.windows(2).position(|pair| pair == [0x21, 1]).expect("an LZMA2 filter") + 2;
        packed[at] = 40;
        let header = 12..12 + (usize::from(packed[12]) + 1) * 4;
        let sum = flate2::Crc::new();
        let sum = {
            let mut sum = sum;
            sum.update(&packed[header.start..header.end - 4]);
            sum.sum()
        };
        packed[header.end - 4..header.end].copy_from_slice(&sum.to_le_bytes());
        assert_eq!(unpack("a", packed), Err("to unpack it would take more than 128 MiB of memory".to_owned()));
    }

    fn xz(bytes: &[u8]) -> Vec<u8> {
        let mut writer = XzWriter::new(Vec::new(), XzOptions::with_preset(0)).expect("memory is there");
        writer.write_all(bytes).and_then(|()| writer.finish()).expect("memory takes all")
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut writer = GzEncoder::new(Vec::new(), Compression::best());
        writer.write_all(bytes).and_then(|()| writer.finish()).expect("memory takes all")
    }
}
