// As the package's own main.rs: a program of ours, so that Cargo.lock pins all that it is made of.
use clap::Parser;
use rust_mcp_filesystem::{cli, server};

#[tokio::main]
async fn main() {
    let mut arguments = cli::CommandArguments::parse();
    if let Err(error) = arguments.validate() {
        eprintln!("Error: {error}");
        return;
    }
    if let Err(error) = server::start_server(arguments).await {
        eprintln!("{error}");
    }
}
