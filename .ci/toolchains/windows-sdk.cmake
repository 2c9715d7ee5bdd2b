# Windows x64 in MSVC mode: the SDK's own toolchain file, in the folder that TENON_WINDOWS_SDK names
# or beside the sources.
if(DEFINED ENV{TENON_WINDOWS_SDK})
    set(folder "$ENV{TENON_WINDOWS_SDK}")
else()
    set(folder "${CMAKE_CURRENT_LIST_DIR}/../../../shared/windows-sdk")
endif()
include("${folder}/toolchain.cmake")
# Its stand-in for the compiler's runtime is for programs: a DLL takes memory functions from it and
# has nothing to start or to call as main.
string(APPEND CMAKE_SHARED_LINKER_FLAGS_INIT " /noentry /alternatename:main=memcpy")
