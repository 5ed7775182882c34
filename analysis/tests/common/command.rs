//! The command, run from outside: what it has said, and how it ended.
#![allow(dead_code, reason = "each test takes what it needs")]

use std::process::{Child, Command, Stdio};

/// How the command ended.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn of(child: Child) -> Self {
        let output = child.wait_with_output().expect("the command ends");
        let text = |bytes| String::from_utf8(bytes).expect("the command prints UTF-8");
        let (code, out, err) =
            (output.status.code().expect("no signal ends it"), text(output.stdout), text(output.stderr));
        assert!(!err.contains("panicked at"), "{err}");
        Self { code, out, err }
    }
}

/// Presses Ctrl-C.
#[cfg(unix)]
pub(crate) fn interrupt(child: &Child) {
    let signal = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().expect("a shell");
    assert!(signal.success());
}

/// The command with these words, not yet begun.
pub(crate) fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dhtsim"));
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the command with these words to its end.
pub(crate) fn dhtsim(words: &[&str]) -> Said {
    Said::of(command(words).spawn().expect("the command starts"))
}
