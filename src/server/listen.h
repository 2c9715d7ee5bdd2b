/* Listening: every ADDRESS of the command line, what is said where one fails, and the ready file.
 */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H
#include "server/server.h"

/* Listens on all of them and accepts nothing yet. EXIT_CODE_NONE, or the code to exit with: all is
 * said; those that stand are counted in the server. */
int listen_all(struct server *server);

/* Removes the file; not being there is no error. And writes it. EXIT_CODE_NONE, or the code. */
int ready_file_remove(struct server *server);
int ready_file_write(struct server *server);

#endif
