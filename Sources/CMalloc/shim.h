#include <malloc.h>
#include <stddef.h>

#ifndef __GLIBC__
// Other C libraries give back what is freed by themselves.
#define M_ARENA_MAX -8
#define M_MMAP_THRESHOLD -3
static inline int mallopt(int option, int value) { return 0; }
static inline int malloc_trim(size_t pad) { return 0; }
#endif
