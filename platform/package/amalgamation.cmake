# tenon.h and tenon.c: `cmake --build FOLDER --target amalgamation` puts them into
# FOLDER/amalgamation.
set(folder ${PROJECT_BINARY_DIR}/amalgamation)
set(parts "set(version ${PROJECT_VERSION})\nset(windows_libraries ${windows_libraries})\n")
set(needed "")
foreach(part common posix linux portable windows)
    string(APPEND parts "set(${part} ${${part}})\n")
    list(APPEND needed ${${part}})
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/parts.cmake CONTENT "${parts}" @ONLY)
file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/tenon/*.h *.h */*.h)
add_custom_command(OUTPUT ${folder}/tenon.c ${folder}/tenon.h
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder}
            -DPARTS=${CMAKE_CURRENT_BINARY_DIR}/parts.cmake
            -P ${CMAKE_CURRENT_SOURCE_DIR}/package/amalgamate.cmake
    DEPENDS ${needed} ${headers} package/amalgamate.cmake ${CMAKE_CURRENT_BINARY_DIR}/parts.cmake
    VERBATIM)
add_custom_target(amalgamation
    DEPENDS ${folder}/tenon.c ${folder}/tenon.h)
