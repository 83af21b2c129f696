#include <malloc.h>

#ifndef __GLIBC__
// Other C libraries give back what is freed by themselves.
#define M_ARENA_MAX -8
#define M_MMAP_THRESHOLD -3
static inline int mallopt(int option, int value) { return 0; }
#endif
