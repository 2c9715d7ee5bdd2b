/* All of the interface. */
#ifndef TENON_H
#define TENON_H
#include <tenon/address.h>
#include <tenon/bounds.h>
#include <tenon/export.h>
#include <tenon/file.h>
#include <tenon/layout.h>
#include <tenon/loop.h>
#include <tenon/process.h>
#include <tenon/status.h>
#include <tenon/stream.h>
#include <tenon/supervision.h>
#include <tenon/sync.h>
#include <tenon/thread.h>
#include <tenon/version.h>
#endif
