//! Kea's configuration files, and what Fosix adds, to one validated configuration.
