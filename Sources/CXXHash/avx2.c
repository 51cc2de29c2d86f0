#include "CXXHash.h"

#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#define XXH_INLINE_ALL
#define XXH_VECTOR XXH_AVX2
#include <xxhash.h>

void xxh3_update_avx2(xxh3_state *state, const void *bytes, size_t count) {
  XXH3_64bits_update((XXH3_state_t *)state, bytes, count);
}

uint64_t xxh3_of_avx2(const void *bytes, size_t count) { return XXH3_64bits(bytes, count); }
#pragma clang attribute pop

int xxh3_has_avx2(void) { return __builtin_cpu_supports("avx2") != 0; }
#else
// Never called, because the processor is said not to have it.
void xxh3_update_avx2(xxh3_state *state, const void *bytes, size_t count) {}
uint64_t xxh3_of_avx2(const void *bytes, size_t count) { return 0; }
int xxh3_has_avx2(void) { return 0; }
#endif
