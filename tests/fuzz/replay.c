/* The program where there is no libFuzzer: `fuzz_TARGET FILE...` runs the target on each file. */
#include "fuzz.h"
#include "testing.h"
#include <stdio.h>
#include <stdlib.h>

static bool replay(const char *path)
{
    size_t size = 0;
    printf("%s ... ", path);
    (void)fflush(stdout);
    char *data = testing_file_read(path, &size);
    if (data == NULL) {
        printf("failed: it cannot be read\n");
        return false;
    }
    FUZZ_CHECK(LLVMFuzzerTestOneInput((const uint8_t *)data, size) == 0);
    free(data);
    printf("passed\n");
    return true;
}

int main(int argc, char **argv)
{
    unsigned passed = 0;
    unsigned failed = 0;
    for (int i = 1; i < argc; i++) {
        if (replay(argv[i])) {
            passed++;
        } else {
            failed++;
        }
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
