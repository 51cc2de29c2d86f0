// liburing, linked statically so that the daemon runs where it is not installed.
#pragma once
// First, so that the C library's structures stay CLinux's.
#include "../CLinux/CLinux.h"
#include <liburing.h>
