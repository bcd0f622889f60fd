//! The `doorward` program: parses its arguments and runs the command.

use std::process::ExitCode;

fn main() -> ExitCode {
    doorward::cli::run(std::env::args_os())
}
