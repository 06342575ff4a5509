//! Memory that was freed, given back to the system.

/// Has the allocator give back what it keeps of freed memory: worth it where much was freed at once, such as the tree of a
/// configuration with a million reservations. It takes as long as there is freed memory.
pub fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: malloc_trim takes a number, may be called by any thread at any time, and moves nothing.
    unsafe {
        libc::malloc_trim(0);
    }
}
