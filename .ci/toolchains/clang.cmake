# The newest clang of this machine; distributions name it with or without its version.
find_program(TENON_CLANG NAMES clang-22 clang-21 clang-20 clang-19 clang REQUIRED)
set(CMAKE_C_COMPILER ${TENON_CLANG})
# Its own half for C++, which takes the same sanitizers.
string(REGEX REPLACE "clang([^/]*)$" "clang++\\1" CMAKE_CXX_COMPILER ${TENON_CLANG})
if(NOT EXISTS ${CMAKE_CXX_COMPILER})
    unset(CMAKE_CXX_COMPILER)
endif()
