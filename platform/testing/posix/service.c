/* Services: the other systems have none. */
#include "../testing.h"
#include "backend.h"

struct testing_service *testing_service_install(const char *name, const char *const *arguments,
                                                const char **why_out)
{
    (void)name;
    (void)arguments;
    *why_out = "services are Windows' own";
    return NULL;
}

void testing_service_remove(struct testing_service *service)
{
    TENON_ASSERT(service == NULL);
}

bool testing_service_start(struct testing_service *service)
{
    TENON_ASSERT(service == NULL);
    return false;
}

bool testing_service_control(struct testing_service *service, enum testing_control control)
{
    TENON_ASSERT(service == NULL);
    (void)control;
    return false;
}

bool testing_service_look(struct testing_service *service,
                          struct testing_service_status *status_out)
{
    TENON_ASSERT(service == NULL);
    *status_out = (struct testing_service_status){0};
    return false;
}

bool testing_service_await(struct testing_service *service, enum testing_state state,
                           uint32_t checkpoint, int64_t timeout)
{
    TENON_ASSERT(service == NULL);
    (void)state;
    (void)checkpoint;
    (void)timeout;
    return false;
}
