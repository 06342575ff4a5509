//! The `fosix` program: serve, check and client.

fn main() {}
