# musl's libc: by its wrapper of gcc, or as the system's own.
find_program(TENON_MUSL_COMPILER NAMES musl-gcc cc REQUIRED)
set(CMAKE_C_COMPILER ${TENON_MUSL_COMPILER})
