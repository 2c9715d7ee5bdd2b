# Where the layer, the server and the client take memory: in the calls of this table and nowhere
# else, all of which run at start or for a look-up. So what a connection costs is bounded by what
# was taken at start.
#
#     cmake -DROOT=FOLDER -P memory.cmake
cmake_minimum_required(VERSION 3.25)

# A file, and how often it calls an allocator.
set(allowed
    platform/common/lookup.c 1      # a look-up that no system can cancel
    platform/common/loop.c 2        # tenon_loop_open
    platform/common/sync.c 2        # a blocking listener and stream
    src/client/input.c 1            # input_open
    src/client/load.c 4             # load_open
    src/server/crowd.c 1            # server_open
    src/server/reserve.c 1          # server_open
    src/server/worker.c 4)          # server_open

file(GLOB paths RELATIVE ${ROOT} ${ROOT}/platform/common/*.c ${ROOT}/src/server/*.c
     ${ROOT}/src/client/*.c)
list(REMOVE_ITEM paths src/server/main.c src/client/main.c)
set(wrong FALSE)
foreach(path IN LISTS paths)
    file(READ ${ROOT}/${path} content)
    string(REGEX MATCHALL "[^A-Za-z0-9_](malloc|calloc|realloc|aligned_alloc|strdup) ?\\("
           calls "${content}")
    list(LENGTH calls count)
    list(FIND allowed ${path} place)
    set(expected 0)
    if(NOT place EQUAL -1)
        math(EXPR place "${place} + 1")
        list(GET allowed ${place} expected)
    endif()
    if(NOT count EQUAL expected)
        message("${path}: takes memory in ${count} places, and not in ${expected}")
        set(wrong TRUE)
    endif()
endforeach()
if(NOT paths OR wrong)
    message(FATAL_ERROR "memory is taken where it is not bounded")
endif()
