#include "CXXHash.h"
#define XXH_INLINE_ALL
#include <xxhash.h>

xxh3_state *xxh3_create(void) { return (xxh3_state *)XXH3_createState(); }
void xxh3_free(xxh3_state *state) { XXH3_freeState((XXH3_state_t *)state); }
void xxh3_reset(xxh3_state *state) { XXH3_64bits_reset((XXH3_state_t *)state); }

uint64_t xxh3_digest(const xxh3_state *state) {
  return XXH3_64bits_digest((const XXH3_state_t *)state);
}

void xxh3_update_usual(xxh3_state *state, const void *bytes, size_t count) {
  XXH3_64bits_update((XXH3_state_t *)state, bytes, count);
}

uint64_t xxh3_of_usual(const void *bytes, size_t count) { return XXH3_64bits(bytes, count); }
