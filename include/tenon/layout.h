/* The sizes of the structs that a program embeds, where pointers have 64 bits: they are part of the
 * ABI, the same on every system. A compiler that was told to lay structs out otherwise, by a pragma
 * or an option, is stopped here, as the library would write beside them. */
#ifndef TENON_LAYOUT_H
#define TENON_LAYOUT_H
#include <tenon/address.h>
#include <tenon/file.h>
#include <tenon/loop.h>
#include <tenon/status.h>
#include <tenon/stream.h>
#include <tenon/thread.h>

/* An array of no elements: _Static_assert is a keyword to Visual C++ in C11 mode only, and none to
 * C++. The name of the type says what is wrong. */
#define TENON_STRUCT_SIZE(name, size) \
    typedef char name##_is_laid_out_as_in_no_library_of_this_version \
        [sizeof(void *) != 8 || sizeof(struct name) == (size) ? 1 : -1]

TENON_STRUCT_SIZE(tenon_address, 28);
TENON_STRUCT_SIZE(tenon_endpoint, 132);
TENON_STRUCT_SIZE(tenon_file, 8);
TENON_STRUCT_SIZE(tenon_file_identity, 16);
TENON_STRUCT_SIZE(tenon_file_info, 40);
TENON_STRUCT_SIZE(tenon_loop_options, 24);
TENON_STRUCT_SIZE(tenon_timer, 32);
TENON_STRUCT_SIZE(tenon_message, 24);
TENON_STRUCT_SIZE(tenon_error, 8);
TENON_STRUCT_SIZE(tenon_link, 16);
TENON_STRUCT_SIZE(tenon_socket, 16);
TENON_STRUCT_SIZE(tenon_listener, 144);
TENON_STRUCT_SIZE(tenon_listen_options, 8);
TENON_STRUCT_SIZE(tenon_listen_report, 44);
TENON_STRUCT_SIZE(tenon_stream, 152);
TENON_STRUCT_SIZE(tenon_receive, 40);
TENON_STRUCT_SIZE(tenon_piece, 16);
TENON_STRUCT_SIZE(tenon_send, 96);
TENON_STRUCT_SIZE(tenon_attempt, 104);
TENON_STRUCT_SIZE(tenon_connect_options, 24);
TENON_STRUCT_SIZE(tenon_connect, 1832);
TENON_STRUCT_SIZE(tenon_thread, 24);
TENON_STRUCT_SIZE(tenon_lock, 64);
TENON_STRUCT_SIZE(tenon_condition, 64);

#endif
