/* Threads, locks and conditions. */
#include "windows/win.h"
#include <process.h>

_Static_assert(sizeof(HANDLE) <= sizeof(union tenon_thread_word), "a thread's room");
_Static_assert(sizeof(SRWLOCK) <= sizeof(((struct tenon_lock *)0)->system), "a lock's room");
_Static_assert(sizeof(CONDITION_VARIABLE) <= sizeof(((struct tenon_condition *)0)->system),
               "a condition's room");

static SRWLOCK *lock_of(struct tenon_lock *lock)
{
    return (SRWLOCK *)(void *)lock->system;
}

static CONDITION_VARIABLE *condition_of(struct tenon_condition *condition)
{
    return (CONDITION_VARIABLE *)(void *)condition->system;
}

static unsigned __stdcall run_thread(void *argument)
{
    struct tenon_thread *thread = argument;
    thread->run(thread->argument);
    return 0;
}

/* The runtime's function and not CreateThread: it prepares the runtime for the thread. */
enum tenon_status tenon_thread_start(struct tenon_thread *thread, void (*run)(void *argument),
                                     void *argument)
{
    thread->run = run;
    thread->argument = argument;
    thread->system.pointer = (void *)_beginthreadex(NULL, 0, run_thread, thread, 0, NULL);
    return thread->system.pointer != NULL ? TENON_OK : TENON_LIMIT;
}

void tenon_thread_join(struct tenon_thread *thread)
{
    DWORD result = WaitForSingleObject(thread->system.pointer, INFINITE);
    TENON_ASSERT(result == WAIT_OBJECT_0);
    BOOL closed = CloseHandle(thread->system.pointer);
    TENON_ASSERT(closed);
    thread->system.pointer = NULL;
}

uint64_t system_thread_id(void)
{
    return GetCurrentThreadId();
}

/* Closes its own handle when it ends. */
enum tenon_status tenon_thread_start_detached(void (*run)(void *argument), void *argument)
{
    return _beginthread(run, 0, argument) != (uintptr_t)-1 ? TENON_OK : TENON_LIMIT;
}

void tenon_lock_init(struct tenon_lock *lock)
{
    InitializeSRWLock(lock_of(lock));
}

void tenon_lock_destroy(struct tenon_lock *lock)
{
    (void)lock;     /* nothing is held for it */
}

void tenon_lock_take(struct tenon_lock *lock)
{
    AcquireSRWLockExclusive(lock_of(lock));
}

void tenon_lock_give(struct tenon_lock *lock)
{
    ReleaseSRWLockExclusive(lock_of(lock));
}

void tenon_condition_init(struct tenon_condition *condition)
{
    InitializeConditionVariable(condition_of(condition));
}

void tenon_condition_destroy(struct tenon_condition *condition)
{
    (void)condition;
}

/* The system counts in clock ticks and can end a wait early, or at its longest, 49 days: false
 * only once the time has passed. */
bool tenon_condition_wait(struct tenon_condition *condition, struct tenon_lock *lock,
                          int64_t timeout)
{
    int64_t start = win_clock();
    if (SleepConditionVariableSRW(condition_of(condition), lock_of(lock), win_milliseconds(timeout),
                                  0)) {
        return true;
    }
    TENON_ASSERT(GetLastError() == ERROR_TIMEOUT);
    return win_clock() - start < timeout;
}

void tenon_condition_wake(struct tenon_condition *condition)
{
    WakeAllConditionVariable(condition_of(condition));
}

/* The mask is of one group of at most 64 processors; 0 where the process is in several. */
uint32_t tenon_processor_count(void)
{
    DWORD_PTR process_mask = 0;
    DWORD_PTR system_mask = 0;
    uint32_t count = 0;
    if (GetProcessAffinityMask(GetCurrentProcess(), &process_mask, &system_mask)) {
        for (; process_mask != 0; process_mask &= process_mask - 1) {
            count++;
        }
    }
    if (count == 0) {
        count = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
    }
    return count > 0 ? count : 1;
}
