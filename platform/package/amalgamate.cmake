# The library as two files, for those who drop them into a project of their own:
#
#     cmake -DFOLDER=FOLDER -DPARTS=FILE -P amalgamate.cmake
#
# PARTS sets what the build is made of: `common`, `posix`, `linux`, `portable` and `windows`, each a
# list of sources, and `windows_libraries`. Headers stand once, where they are first needed. A name
# that is static in several files gets its file's name in front. The systems are told apart here by
# the preprocessor, as there is no CMake where these files go.
cmake_minimum_required(VERSION 3.25)
include(${PARTS})
cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH platform)
cmake_path(GET platform PARENT_PATH root)
set(own "(<tenon/|\"(backend\\.h|common/|posix/|linux/|windows/))")
set_property(GLOBAL PROPERTY text "")
set_property(GLOBAL PROPERTY done "")

function(append text)
    set_property(GLOBAL APPEND_STRING PROPERTY text "${text}")
endfunction()

# The text without its own includes; those go in front of it, unless they are there already.
function(append_file path text)
    string(REGEX MATCHALL "\n#include ${own}[^\n]*" includes "\n${text}")
    foreach(include IN LISTS includes)
        string(REGEX REPLACE "\n#include [<\"]([^>\"]*)[>\"].*" "\\1" header "${include}")
        append_header(${header})
    endforeach()
    string(REGEX REPLACE "\n#include ${own}[^\n]*" "" text "\n${text}")
    cmake_path(RELATIVE_PATH path BASE_DIRECTORY ${root})
    append("\n/* ---- ${path} ---- */\n${text}")
endfunction()

function(append_header header)
    set(path ${platform}/${header})
    if(header MATCHES "^tenon/")
        set(path ${root}/include/${header})
    endif()
    get_property(done GLOBAL PROPERTY done)
    if(NOT path IN_LIST done)
        set_property(GLOBAL APPEND PROPERTY done ${path})
        file(READ ${path} text)
        append_file(${path} "${text}")
    endif()
endfunction()

# What a source keeps to itself: functions, with `(` behind them, and other names.
function(find_statics path text)
    string(REGEX MATCHALL "\nstatic [A-Za-z][A-Za-z0-9_ *]*[(]?" statics "\n${text}")
    string(REGEX MATCHALL "\n(struct|enum|union) [a-z_]+ {" tags "\n${text}")
    list(FILTER statics EXCLUDE REGEX " struct $")
    foreach(match IN LISTS statics tags)
        string(REGEX REPLACE "[ (]+$" "" name "${match}")
        string(REGEX REPLACE "[ {]+$" "" name "${name}")
        string(REGEX REPLACE ".*[ *]" "" name "${name}")
        set(kind other)
        if(match MATCHES "[(]$")
            set(kind function)
        endif()
        get_property(files GLOBAL PROPERTY "${name}.files")
        if(NOT path IN_LIST files AND NOT name MATCHES "^(tenon_.*|struct|enum|union)$")
            set_property(GLOBAL APPEND PROPERTY "${name}.files" ${path})
            set_property(GLOBAL APPEND PROPERTY ${path}.${kind} ${name})
        endif()
    endforeach()
endfunction()

function(append_source path)
    file(READ ${platform}/${path} text)
    string(REGEX REPLACE "[/.]" "_" prefix ${path})
    string(REGEX REPLACE "_c$" "_" prefix ${prefix})
    foreach(kind function other)
        # Behind a function's name: what calls it or hands it on, so that prose stays as it is.
        set(behind "[^A-Za-z0-9_]")
        if(kind STREQUAL "function")
            set(behind "[(),\;[}]")
        endif()
        get_property(names GLOBAL PROPERTY ${path}.${kind})
        foreach(name IN LISTS names)
            get_property(files GLOBAL PROPERTY "${name}.files")
            list(LENGTH files count)
            if(count GREATER 1)
                foreach(again 1 2)
                    string(REGEX REPLACE "([^A-Za-z0-9_.>])${name}(${behind})"
                           "\\1${prefix}${name}\\2" text "${text}")
                endforeach()
            endif()
        endforeach()
    endforeach()
    append_file(${platform}/${path} "${text}")
endfunction()

function(append_sources)
    foreach(path IN LISTS ARGN)
        append_source(${path})
    endforeach()
endfunction()

function(write name)
    file(READ ${root}/LICENSE license)
    string(REGEX REPLACE "\n+$" "" license "${license}")
    string(REPLACE "\n" "\n * " license "${license}")
    string(REGEX REPLACE " +\n" "\n" license "${license}")
    get_property(text GLOBAL PROPERTY text)
    file(WRITE ${FOLDER}/${name} "/* tenon ${version}, as two files: ${ARGN}
 *
 * ${license} */
${text}")
    set_property(GLOBAL PROPERTY text "")
endfunction()

append("#ifndef TENON_AMALGAMATION_H\n#define TENON_AMALGAMATION_H\n")
append_header(tenon/tenon.h)
append("\n#endif\n")
write(tenon.h "the interface. tenon.c is the rest.")

set(pragmas "")
foreach(library IN LISTS windows_libraries)
    string(APPEND pragmas "#pragma comment(lib, \"${library}\")\n")
endforeach()
append("
#if defined(_WIN32)
#ifndef UNICODE
#define UNICODE
#endif
#ifndef _UNICODE
#define _UNICODE
#endif
#if defined(_MSC_VER)
${pragmas}#endif
#else
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifndef _DARWIN_C_SOURCE
#define _DARWIN_C_SOURCE
#endif
#ifndef __BSD_VISIBLE
#define __BSD_VISIBLE 1
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif
#endif
#include \"tenon.h\"
")
foreach(path IN LISTS common posix linux portable windows)
    file(READ ${platform}/${path} text)
    find_statics(${path} "${text}")
endforeach()
append_sources(${common})
append("\n#if defined(_WIN32)\n")
append_sources(${windows})
append("\n#else\n")
append_sources(${posix})
append("\n#if defined(__linux__) && !defined(TENON_PORTABLE)\n")
append_sources(${linux})
append("\n#else\n")
append_sources(${portable})
append("\n#endif\n#endif\n")
list(JOIN windows_libraries " -l" flags)
write(tenon.c "all but the interface, which is tenon.h. Compile it with your program:
 * on POSIX systems with -pthread, with MinGW and -l${flags}.")
