# Windows x64 in MSVC mode: the SDK's own toolchain file, in the folder that TENON_WINDOWS_SDK names
# or beside the sources.
if(DEFINED ENV{TENON_WINDOWS_SDK})
    set(TENON_WINDOWS_SDK "$ENV{TENON_WINDOWS_SDK}")
else()
    set(TENON_WINDOWS_SDK "${CMAKE_CURRENT_LIST_DIR}/../../../shared/windows-sdk")
endif()
include("${TENON_WINDOWS_SDK}/toolchain.cmake")
# Its stand-in for the compiler's runtime is for programs: a DLL takes memory functions from it and
# has nothing to start or to call as main.
string(APPEND CMAKE_SHARED_LINKER_FLAGS_INIT " /noentry /alternatename:main=memcpy")
