/* What the fuzzers share: a property that must hold, and the input as bytes or as text.
 *
 * A target is one source with one function. libFuzzer calls it with inputs of its own making; where
 * there is no libFuzzer, replay.c calls it with the files of the corpus. */
#ifndef FUZZ_H
#define FUZZ_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tenon/address.h>

/* Stops the process where it does not hold, so that libFuzzer keeps the input. */
#define FUZZ_CHECK(condition) \
    ((condition) ? (void)0 : fuzz_failed(#condition, __FILE__, __LINE__))
void fuzz_failed(const char *condition, const char *file, int line);

/* The target: one input. The name is libFuzzer's; the answer is 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of the bytes with a zero behind them, to be freed; a sanitizer sees where it ends. */
char *fuzz_text(const uint8_t *data, size_t size);

/* Bytes that decide something, taken from the front; 0 where none is left. */
struct fuzz_input {
    const uint8_t *data;
    size_t size;
};
uint8_t fuzz_byte(struct fuzz_input *input);
uint64_t fuzz_number(struct fuzz_input *input, size_t bytes);   /* the most significant first */

/* Checks that the text of an IP address fits, and is read back as that address. */
void fuzz_check_address_text(const struct tenon_address *address);

#endif
