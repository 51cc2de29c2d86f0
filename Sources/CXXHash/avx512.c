#include "CXXHash.h"

#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)
#define XXH_INLINE_ALL
#define XXH_VECTOR XXH_AVX512
#include <xxhash.h>

void xxh3_update_avx512(xxh3_state *state, const void *bytes, size_t count) {
  XXH3_64bits_update((XXH3_state_t *)state, bytes, count);
}

uint64_t xxh3_of_avx512(const void *bytes, size_t count) { return XXH3_64bits(bytes, count); }
#pragma clang attribute pop

int xxh3_has_avx512(void) { return __builtin_cpu_supports("avx512f") != 0; }
#else
// Never called, because the processor is said not to have it.
void xxh3_update_avx512(xxh3_state *state, const void *bytes, size_t count) {}
uint64_t xxh3_of_avx512(const void *bytes, size_t count) { return 0; }
int xxh3_has_avx512(void) { return 0; }
#endif
