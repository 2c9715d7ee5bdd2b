/* The demonstration: a real server and a real client, their commands and both transcripts; it fails
 * where these are not the lab's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/status.h>
#include "testing.h"

enum {
    TEXT_MAX = 1024
};

static const char listens[] = "Server is listening for connections...\n";
static const char served_begin[] = "Connected to client: ('127.0.0.1', ";
static const char served_end[] = ")\nReceived data: Hello from the client!!!\nResponse sent.\n";
static const char client_transcript[] =
    "Connected to server.\nMessage sent.\nServer's response: Hello from the server!!!\n";

struct demo {
    struct testing_process *server;
    struct testing_process *client;
    char server_path[TEXT_MAX];
    char client_path[TEXT_MAX];
    char *folder;                   /* of the ready file */
    char ready_file[TEXT_MAX];
    char place[TEXT_MAX];
};

static bool join(char text[TEXT_MAX], const char *folder, const char *name)
{
    int size = snprintf(text, TEXT_MAX, "%s/%s", folder, name);
    return size > 0 && size < TEXT_MAX;
}

static bool find_programs(struct demo *demo)
{
    char *folder = testing_program_folder();
    demo->folder = testing_folder_make("");
    bool found = folder != NULL && demo->folder != NULL &&
                 join(demo->server_path, folder, "server") &&
                 join(demo->client_path, folder, "client") &&
                 join(demo->ready_file, demo->folder, "ready");
    free(folder);
    return found;
}

static struct testing_process *start(const char *const *arguments)
{
    struct testing_start start = {
        .arguments = arguments,
        .input = TESTING_NULL,
        .output = TESTING_PIPE,
        .error = TESTING_INHERIT,
    };
    return testing_process_start(&start);
}

/* The port is the system's choice, so it is the ready file that tells the address. */
static bool start_server(struct demo *demo)
{
    const char *const arguments[] = {demo->server_path, "--once", "--ready-file",
                                     demo->ready_file, "127.0.0.1:0", NULL};
    demo->server = start(arguments);
    if (demo->server == NULL ||
        !testing_process_await(demo->server, TESTING_OUTPUT, listens, 1, 30 * TENON_SECOND)) {
        return false;
    }
    char *ready = testing_file_read(demo->ready_file, NULL);
    if (ready == NULL) {
        return false;
    }
    (void)snprintf(demo->place, TEXT_MAX, "%.*s", (int)strcspn(ready, "\n"), ready);
    free(ready);
    return true;
}

static bool start_client(struct demo *demo)
{
    const char *const arguments[] = {demo->client_path, demo->place, NULL};
    demo->client = start(arguments);
    return demo->client != NULL;
}

/* Shows a program's command and its output; NULL: it did not end well. To be freed. */
static char *show(struct testing_process *process, const char *command)
{
    int code = -1;
    bool ended = testing_process_wait(process, 30 * TENON_SECOND, &code);
    char *text = testing_process_text(process, TESTING_OUTPUT, NULL);
    (void)printf("$ %s\n%s\n", command, text == NULL ? "" : text);
    if (!ended || code != 0) {
        (void)printf("it did not end with 0 but with %d\n", code);
        free(text);
        return NULL;
    }
    return text;
}

/* Only the client's port may vary. */
static bool server_transcript_is_right(const char *text)
{
    size_t listens_size = sizeof listens - 1;
    size_t begin_size = sizeof served_begin - 1;
    if (strncmp(text, listens, listens_size) != 0 ||
        strncmp(text + listens_size, served_begin, begin_size) != 0) {
        return false;
    }
    text += listens_size + begin_size;
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && strcmp(text + digits, served_end) == 0;
}

static bool show_both(struct demo *demo)
{
    char command[2 * TEXT_MAX];
    (void)snprintf(command, sizeof command, "server --once %s", demo->place);
    char *server = show(demo->server, command);
    (void)snprintf(command, sizeof command, "client %s", demo->place);
    char *client = show(demo->client, command);
    bool right = server != NULL && client != NULL && server_transcript_is_right(server) &&
                 strcmp(client, client_transcript) == 0;
    free(server);
    free(client);
    return right;
}

int main(void)
{
    static struct demo demo;
    bool right = testing_init() && find_programs(&demo) && start_server(&demo) &&
                 start_client(&demo) && show_both(&demo);
    testing_process_close(demo.client);
    testing_process_close(demo.server);
    if (demo.folder != NULL) {
        testing_folder_remove(demo.folder);
        free(demo.folder);
    }
    (void)printf("%s\n", right ? "The exchange is right." : "The exchange failed.");
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
