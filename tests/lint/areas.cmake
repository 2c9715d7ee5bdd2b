# Which headers the files of each folder may include.
set(c_headers
    assert.h complex.h ctype.h errno.h fenv.h float.h inttypes.h iso646.h limits.h locale.h math.h
    setjmp.h signal.h stdalign.h stdarg.h stdbool.h stddef.h stdint.h stdio.h stdlib.h
    stdnoreturn.h string.h tgmath.h time.h uchar.h wchar.h wctype.h)
# Not every compiler has these two.
set(c_headers_never stdatomic.h threads.h)
# What these declare is a system's: programs have include/ for it.
set(c_headers_of_systems errno.h locale.h setjmp.h signal.h time.h)
list(REMOVE_ITEM c_headers ${c_headers_never} ${c_headers_of_systems})

# Where a quoted name is looked for, what it may lead to, and whether system headers are free.
function(area_of path bases_out targets_out system_out)
    cmake_path(GET path PARENT_PATH folder)
    set(bases ${folder})
    set(targets "^$")
    set(system FALSE)
    if(path MATCHES "^src/([a-z_]+)/")
        set(program ${CMAKE_MATCH_1})
        list(APPEND bases src/common src)
        set(targets "^src/(${program}|common)/")
        if(program STREQUAL "manual")
            # It is written from both programs' tables.
            set(targets "^src/(manual/|common/|(server|client)/options\\.h$)")
        endif()
    elseif(path MATCHES "^platform/common/")
        list(APPEND bases platform)
        set(targets "^platform/(backend\\.h|common/)")
    elseif(path MATCHES "^platform/linux/")
        list(APPEND bases platform)
        set(targets "^platform/(backend\\.h|linux/|posix/)")
        set(system TRUE)
    elseif(path MATCHES "^platform/testing/")
        # Beside its own: a loop on a table that it made, and the one header that has those of
        # Windows.
        list(APPEND bases platform platform/testing)
        set(targets "^platform/(backend\\.h|common/loop\\.h|testing/|windows/system\\.h)")
        set(system TRUE)
    elseif(path MATCHES "^platform/simulated/")
        list(APPEND bases platform)
        set(targets "^platform/(backend\\.h|common/loop\\.h|simulated/)")
    elseif(path MATCHES "^platform/([a-z_]+)/")
        set(part ${CMAKE_MATCH_1})
        list(APPEND bases platform platform/${part})
        set(targets "^platform/(backend\\.h|${part}/)")
        set(system TRUE)
    elseif(path MATCHES "^tests/([a-z_]+)/")
        set(part ${CMAKE_MATCH_1})
        list(APPEND bases tests/${part} platform/testing platform/simulated
             src src/common src/server src/client)
        set(headers "src/|platform/(testing|simulated)/[a-z_]+\\.h$")
        set(targets "^(tests/${part}/|${headers})")
        if(part STREQUAL "fuzz")
            # What the layer's fuzzer decides for.
            list(APPEND bases tests/simulation)
            set(targets "^(tests/(fuzz/|simulation/scenario\\.h$)|${headers})")
        endif()
        # A seed must be told also where an assertion or a fault ends the process: C's signal().
        if(path MATCHES "^tests/(bench/peers|faults/wraps)/|^tests/simulation/simulate\\.c$")
            set(system TRUE)
        endif()
    endif()
    set(${bases_out} "${bases}" PARENT_SCOPE)
    set(${targets_out} "${targets}" PARENT_SCOPE)
    set(${system_out} ${system} PARENT_SCOPE)
endfunction()
