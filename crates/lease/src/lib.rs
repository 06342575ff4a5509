//! Who holds what until when: lease records, their indexes, address pools, expiry.
