//! What both halves decide alike: which options an answer carries, and from which scope.
