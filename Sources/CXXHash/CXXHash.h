// xxHash, linked statically so that the daemon runs where it is not installed.
#pragma once
#include <xxhash.h>
