/* Access: lists of addresses, and who may connect by them. */
#ifndef SERVER_ACCESS_H
#define SERVER_ACCESS_H
#include <stdbool.h>
#include <stdint.h>
#include <tenon/address.h>

enum {
    ACCESS_PREFIXES_MAX = 256,      /* of one list */
    ACCESS_PROBLEM_MAX = 400        /* bytes of a message, with its zero */
};

/* What no bit behind the prefix belongs to is zero; an IPv4-mapped one is kept as IPv4. */
struct access_prefix {
    struct tenon_address address;
    uint8_t bits;
};

/* Empty when zeroed. */
struct access_list {
    uint32_t count;
    bool has_unix;                  /* it names local sockets */
    struct access_prefix prefixes[ACCESS_PREFIXES_MAX];
};

enum access_unix {
    ACCESS_WITHOUT_UNIX,
    ACCESS_WITH_UNIX                /* the word `unix` may stand among the prefixes */
};

/* Adds what is named in the text: numeric addresses and prefixes such as `10.0.0.0/8,::1`, a comma
 * between two. An address alone is a prefix of its full length. False: `problem` says why, naming
 * the value (its bytes as they are: it is for whoever shows it to escape them), and the list is as
 * it was. */
bool access_list_add(struct access_list *list, const char *text, enum access_unix with_unix,
                     char problem[ACCESS_PROBLEM_MAX]);

/* Nothing was ever added. */
bool access_list_is_empty(const struct access_list *list);

/* Whether the address is in one of the prefixes; a path's is where the list names `unix`. An
 * IPv4-mapped address is its IPv4 one. */
bool access_list_has(const struct access_list *list, const struct tenon_address *address);

/* Whether it may connect: what is denied may not, and where anything is allowed, nothing else may.
 * Lists of prefixes do not concern local sockets: their file's permissions do. */
bool access_is_granted(const struct access_list *allow, const struct access_list *deny,
                       const struct tenon_address *address);

#endif
