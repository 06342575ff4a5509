//! Network namespaces and processes for the tests across processes.
