// xxHash, linked statically so that the daemon runs where it is not installed.
#pragma once
#include <xxhash.h>
#if defined(__x86_64__)
// Picks AVX2 or AVX-512 where the processor has it: a digest of 4 KiB takes a third of the time.
#include <xxh_x86dispatch.h>
#endif
