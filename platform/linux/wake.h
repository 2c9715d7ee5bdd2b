/* What wakes a loop that waits: a descriptor that becomes readable anew with each signal, and is
 * never read. */
#ifndef TENON_LINUX_WAKE_H
#define TENON_LINUX_WAKE_H

int wake_open(void);            /* -1 and errno */
void wake_signal(int wake);     /* any thread */

#endif
