# musl's libc: by its wrapper of gcc, or as the system's own.
find_program(TENON_MUSL_COMPILER NAMES musl-gcc cc REQUIRED)
set(CMAKE_C_COMPILER ${TENON_MUSL_COMPILER})
# The kernel's headers, behind musl's own.
file(GLOB architecture_headers /usr/include/*/asm)
foreach(folder ${architecture_headers})
    cmake_path(GET folder PARENT_PATH folder)
    string(APPEND CMAKE_C_FLAGS_INIT " -idirafter ${folder}")
endforeach()
string(APPEND CMAKE_C_FLAGS_INIT " -idirafter /usr/include")
