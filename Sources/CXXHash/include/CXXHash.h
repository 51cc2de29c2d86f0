// XXH3 of xxHash, 64 bits with the seed 0, compiled three times from its header (libxxhash-dev):
// for what every processor has, for AVX2 and for AVX-512, which take a third and a sixth of the
// time. Debian's library knows the first only. The states of all three are laid out alike.
#pragma once
#include <stddef.h>
#include <stdint.h>

// A digest of parts. The memory comes from malloc(3), or is null if there is none.
typedef struct xxh3_state xxh3_state;
xxh3_state *xxh3_create(void);
void xxh3_free(xxh3_state *state);
void xxh3_reset(xxh3_state *state);
uint64_t xxh3_digest(const xxh3_state *state);

// Adds to a digest, and makes one in one step.
void xxh3_update_usual(xxh3_state *state, const void *bytes, size_t count);
uint64_t xxh3_of_usual(const void *bytes, size_t count);

// The same, for processors of which `xxh3_has_...` says that they can.
int xxh3_has_avx2(void);
void xxh3_update_avx2(xxh3_state *state, const void *bytes, size_t count);
uint64_t xxh3_of_avx2(const void *bytes, size_t count);

int xxh3_has_avx512(void);
void xxh3_update_avx512(xxh3_state *state, const void *bytes, size_t count);
uint64_t xxh3_of_avx512(const void *bytes, size_t count);
