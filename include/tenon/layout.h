/* The sizes of the structs that a program embeds: they are part of the ABI, the same on every
 * system whose pointers have 64 bits. Where they have 32, systems align eight bytes in two ways. A
 * compiler that was told to lay structs out otherwise, by a pragma or an option, is stopped here,
 * as the library would write beside them. */
#ifndef TENON_LAYOUT_H
#define TENON_LAYOUT_H
#include <stdint.h>
#include <tenon/address.h>
#include <tenon/file.h>
#include <tenon/loop.h>
#include <tenon/status.h>
#include <tenon/stream.h>
#include <tenon/thread.h>

/* Where the system's ABI lets eight bytes begin, whatever the compiler was told: at a multiple of 8
 * on Windows and ARM, of 4 on x86 by System V. gcc's operator says what it prefers instead, and
 * Visual C++ passes over a pragma that allows more than a pointer's size. */
#ifdef __GNUC__
#pragma pack(push, 8)
struct tenon_layout_wide {
    char first;
    uint64_t second;
};
#pragma pack(pop)
#define TENON_LAYOUT_WIDE (sizeof(struct tenon_layout_wide) - sizeof(uint64_t))
#else
#define TENON_LAYOUT_WIDE __alignof(uint64_t)
#endif

/* An array of no elements: _Static_assert is a keyword to Visual C++ in C11 mode only, and none to
 * C++. The name of the type says what is wrong. */
#define TENON_LAYOUT_IS(name, condition) \
    typedef char name##_is_laid_out_as_in_no_library_of_this_version[(condition) ? 1 : -1]

/* Three sizes: with pointers of 64 bits, with pointers of 32, and there where eight bytes
 * begin at a multiple of 4. */
#define TENON_STRUCT_SIZE(name, size_64, size_32, size_32_at_4) \
    TENON_LAYOUT_IS(name, \
        (sizeof(void *) != 8 || sizeof(struct name) == (size_64)) && \
        (sizeof(void *) == 8 || TENON_LAYOUT_WIDE != 8 || sizeof(struct name) == (size_32)) && \
        (sizeof(void *) == 8 || TENON_LAYOUT_WIDE == 8 || sizeof(struct name) == (size_32_at_4)))

TENON_LAYOUT_IS(tenon_enum, sizeof(enum tenon_status) == 4);
TENON_STRUCT_SIZE(tenon_address, 28, 28, 28);
TENON_STRUCT_SIZE(tenon_endpoint, 132, 132, 132);
TENON_STRUCT_SIZE(tenon_file, 8, 8, 8);
TENON_STRUCT_SIZE(tenon_file_identity, 16, 16, 16);
TENON_STRUCT_SIZE(tenon_file_info, 40, 40, 36);
TENON_STRUCT_SIZE(tenon_loop_options, 24, 16, 16);
TENON_STRUCT_SIZE(tenon_timer, 32, 24, 20);
TENON_STRUCT_SIZE(tenon_message, 24, 12, 12);
TENON_STRUCT_SIZE(tenon_error, 8, 8, 8);
TENON_STRUCT_SIZE(tenon_link, 16, 8, 8);
TENON_STRUCT_SIZE(tenon_socket, 16, 16, 12);
TENON_STRUCT_SIZE(tenon_listener, 152, 120, 112);
TENON_STRUCT_SIZE(tenon_listen_options, 8, 8, 8);
TENON_STRUCT_SIZE(tenon_listen_report, 44, 44, 44);
TENON_STRUCT_SIZE(tenon_stream, 152, 128, 116);
TENON_STRUCT_SIZE(tenon_receive, 40, 20, 20);
TENON_STRUCT_SIZE(tenon_piece, 16, 8, 8);
TENON_STRUCT_SIZE(tenon_send, 96, 80, 76);
TENON_STRUCT_SIZE(tenon_attempt, 104, 104, 100);
TENON_STRUCT_SIZE(tenon_connect_options, 24, 24, 20);
TENON_STRUCT_SIZE(tenon_connect, 1832, 1792, 1712);
TENON_STRUCT_SIZE(tenon_thread, 24, 16, 16);
TENON_STRUCT_SIZE(tenon_lock, 64, 64, 64);
TENON_STRUCT_SIZE(tenon_condition, 64, 64, 64);

#endif
