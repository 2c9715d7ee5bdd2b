/* Files: written whole. */
#include "backend.h"
#include <tenon/file.h>

enum tenon_status tenon_file_write(const char *path, const void *data, size_t size,
                                   struct tenon_error *error_out)
{
    struct tenon_file_replacement *replacement = NULL;
    if (tenon_file_replace_begin(path, &replacement, error_out) != TENON_OK) {
        return error_out->status;
    }
    if (tenon_file_replace_write(replacement, data, size, error_out) != TENON_OK) {
        tenon_file_replace_discard(replacement);
        return error_out->status;
    }
    return tenon_file_replace_commit(replacement, error_out);
}
