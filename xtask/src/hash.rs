//! A content hash for file names and stamps: FNV-1a over 64 bits. Nothing here resists an attacker; it tells builds apart.

use std::fs;
use std::path::Path;

pub struct Fnv(u64);

impl Fnv {
    pub fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Adds a field. Its length goes in first, so that fields cannot run into one another.
    pub fn field(mut self, bytes: &[u8]) -> Self {
        self.bytes(&(bytes.len() as u64).to_le_bytes());
        self.bytes(bytes);
        self
    }

    /// Adds a file's or a directory's content with its names, in sorted order; what does not exist counts as empty.
    pub fn tree(mut self, path: &Path) -> Result<Self, String> {
        let cannot = |error| format!("{} cannot be read: {error}", path.display());
        if path.is_dir() {
            let mut names = Vec::new();
            for entry in fs::read_dir(path).map_err(cannot)? {
                names.push(entry.map_err(cannot)?.path());
            }
            names.sort();
            for name in names {
                self = self.field(name.file_name().unwrap_or_default().as_encoded_bytes()).tree(&name)?;
            }
            return Ok(self);
        }
        match fs::read(path) {
            Ok(content) => Ok(self.field(&content)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(self.field(b"")),
            Err(error) => Err(cannot(error)),
        }
    }

    pub fn hex(&self) -> String {
        format!("{:016x}", self.0)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fnv;

    #[test]
    fn fields_do_not_run_into_one_another() {
        assert_ne!(Fnv::new().field(b"ab").field(b"c").hex(), Fnv::new().field(b"a").field(b"bc").hex());
        assert_eq!(Fnv::new().field(b"ab").hex(), Fnv::new().field(b"ab").hex());
        assert_eq!(Fnv::new().hex().len(), 16);
    }
}
