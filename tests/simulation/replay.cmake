# A seed decides everything: played twice it gives the same trace, and another seed another one.
#
#     cmake -DSIMULATE=COMMAND -DSEEDS=N,N... -P replay.cmake
cmake_minimum_required(VERSION 3.25)

function(trace seed out)
    execute_process(COMMAND ${SIMULATE} --seed ${seed} --trace
                    OUTPUT_VARIABLE output RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "seed ${seed} fails")
    endif()
    set(${out} "${output}" PARENT_SCOPE)
endfunction()

set(last "")
string(REPLACE "," ";" seeds "${SEEDS}")
foreach(seed IN LISTS seeds)
    trace(${seed} first)
    trace(${seed} second)
    if(NOT first STREQUAL second)
        message(FATAL_ERROR "seed ${seed} gives another trace the second time")
    endif()
    if(first STREQUAL last)
        message(FATAL_ERROR "seed ${seed} gives the trace of another seed")
    endif()
    set(last "${first}")
endforeach()
