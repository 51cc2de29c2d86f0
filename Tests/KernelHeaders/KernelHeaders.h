// The kernel's own structures, the oracle of the layout tests.
#pragma once
#include <linux/fuse.h>
#include <linux/virtio_fs.h>
#include <linux/virtio_ring.h>
