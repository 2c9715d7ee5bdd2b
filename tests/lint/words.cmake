# Words that a folder must not use, and what to use instead. A group is the rule's name with: the
# words; what follows one (a call, or the end of the word); the folders it holds in and not in.
set(call " *\\(")
set(end "([^A-Za-z0-9_]|$)")
set(own "^platform/(posix|linux|windows|testing)/|^tests/(bench/peers|faults/wraps)/")
set(word_groups "")

function(words group)
    cmake_parse_arguments(PARSE_ARGV 1 group_ "" "BEHIND;IN;NOT_IN;ADVICE" "WORDS")
    list(JOIN group__WORDS "|" words)
    set(${group}_words "${words}" PARENT_SCOPE)
    set(${group}_behind "${group__BEHIND}" PARENT_SCOPE)
    set(${group}_in "${group__IN}" PARENT_SCOPE)
    set(${group}_not_in "${group__NOT_IN}" PARENT_SCOPE)
    set(${group}_advice "${group__ADVICE}" PARENT_SCOPE)
    set(word_groups ${word_groups} ${group} PARENT_SCOPE)
endfunction()

words(system BEHIND "${end}" IN "." NOT_IN "${own}"
    ADVICE "files are chosen by CMake, and systems live in platform/"
    WORDS _WIN32 _WIN64 WIN32 _MSC_VER __MINGW32__ __linux__ __linux __unix__ __APPLE__ __MACH__
          __FreeBSD__ __OpenBSD__ __NetBSD__ _GNU_SOURCE _POSIX_C_SOURCE errno GetLastError
          WSAGetLastError HANDLE DWORD SOCKET ssize_t pid_t)

words(socket BEHIND "${call}" IN "." NOT_IN "${own}"
    ADVICE "a stream, a listener or sync.h; a raw peer of testing.h in tests"
    WORDS socket socketpair bind listen accept accept4 connect send sendto sendmsg recv recvfrom
          recvmsg shutdown setsockopt getsockopt getsockname getpeername getaddrinfo freeaddrinfo
          getnameinfo inet_pton inet_ntop htons htonl ntohs ntohl select poll ppoll epoll_create1
          epoll_ctl epoll_wait epoll_pwait2 eventfd closesocket ioctl ioctlsocket fcntl
          "WSA[A-Z][A-Za-z0-9]*")

words(process BEHIND "${call}" IN "." NOT_IN "${own}|^tests/simulation/simulate\\.c$"
    ADVICE "process.h or thread.h; testing.h in tests"
    WORDS open close read write pipe dup2 unlink fork execv execve execvp waitpid kill signal
          sigaction raise system popen getpid isatty getenv setenv getrlimit setrlimit getrusage
          fopen freopen tmpfile "pthread_[a-z_]+" CreateThread CreateProcessA CreateProcessW
          CloseHandle ReadFile WriteFile SetConsoleCtrlHandler)

words(clock BEHIND "${call}" IN "." NOT_IN "${own}"
    ADVICE "tenon_loop_now, tenon_loop_wall or a timer: the loop owns the time"
    WORDS time clock clock_gettime gettimeofday nanosleep GetTickCount64 QueryPerformanceCounter)

words(sleep BEHIND "${call}" IN "." NOT_IN "${own}"
    ADVICE "wait for the event itself"
    WORDS sleep usleep Sleep)

words(unbounded BEHIND "${call}" IN "." NOT_IN "^$"
    ADVICE "memcpy, snprintf or strtol with a bound: not every compiler lets it pass"
    WORDS strcpy strcat strncpy strncat sprintf vsprintf strtok sscanf scanf fscanf gets atoi atol
          atoll atof alloca ctime asctime gmtime localtime rand srand setjmp longjmp)

words(assert BEHIND "${call}" IN "." NOT_IN "^$"
    ADVICE "TENON_ASSERT, or a check of the tests: they stay on in a release"
    WORDS assert)

words(text BEHIND "${call}" IN "." NOT_IN "${own}"
    ADVICE "tenon_error_format: one text for each status on every system"
    WORDS strerror strerror_r perror FormatMessageA FormatMessageW)

words(output BEHIND "${call}" IN "^(src|include)/" NOT_IN "^$"
    ADVICE "the program's output: it never blocks a loop and escapes what a peer sent"
    WORDS printf fprintf vprintf vfprintf puts fputs putchar fputc fwrite)
