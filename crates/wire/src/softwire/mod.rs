//! Softwire provisioning: port sets, and the S46 options and containers of RFC 7598.
