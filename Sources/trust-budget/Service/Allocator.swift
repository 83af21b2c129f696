import CMalloc

/// The C library's allocator, which keeps more of what is freed than a service can spare.
enum Allocator {
  /// Has little kept, by a process that runs for long; called before it has many threads.
  static func keepLittle() {
    // Otherwise each thread keeps what it freed to itself.
    mallopt(M_ARENA_MAX, 2)
    // What is larger goes back when it is freed. This is where the limit starts, in bytes; left alone it
    // rises to the largest thing that was ever freed.
    mallopt(M_MMAP_THRESHOLD, 131_072)
  }
}
