# What `cmake --install` makes of the library: headers, both kinds, a CMake package and tenon.pc,
# none of which knows where it was installed first.
include(CMakePackageConfigHelpers)

set(targets tenon)
if(TENON_SHARED)
    list(APPEND targets tenon_shared)
endif()
install(TARGETS ${targets} EXPORT tenon
    RUNTIME COMPONENT shared
    LIBRARY COMPONENT shared NAMELINK_COMPONENT development
    ARCHIVE COMPONENT development)
if(MSVC AND TENON_SHARED)
    install(FILES $<TARGET_PDB_FILE:tenon_shared> DESTINATION . COMPONENT symbols
        EXCLUDE_FROM_ALL OPTIONAL)
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/tenon TYPE INCLUDE COMPONENT development
    FILES_MATCHING PATTERN "*.h")

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/tenon)
install(EXPORT tenon NAMESPACE tenon:: FILE tenonTargets.cmake DESTINATION ${package}
    COMPONENT development)
configure_package_config_file(package/tenonConfig.cmake.in
    ${CMAKE_CURRENT_BINARY_DIR}/tenonConfig.cmake INSTALL_DESTINATION ${package}
    NO_SET_AND_CHECK_MACRO)
set(compatibility SameMajorVersion)
if(PROJECT_VERSION_MAJOR EQUAL 0)
    set(compatibility SameMinorVersion)
endif()
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/tenonConfigVersion.cmake
    COMPATIBILITY ${compatibility})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tenonConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/tenonConfigVersion.cmake
    DESTINATION ${package} COMPONENT development)

# Folders below the prefix are told from the file's own; others, which some systems want, in full.
set(prefix ${CMAKE_INSTALL_PREFIX})
set(libdir ${CMAKE_INSTALL_LIBDIR})
set(includedir ${CMAKE_INSTALL_INCLUDEDIR})
if(NOT IS_ABSOLUTE ${libdir})
    file(RELATIVE_PATH up /${libdir}/pkgconfig /)
    string(REGEX REPLACE "/$" "" prefix "\${pcfiledir}/${up}")
endif()
foreach(folder libdir includedir)
    if(NOT IS_ABSOLUTE ${${folder}})
        set(${folder} "\${prefix}/${${folder}}")
    endif()
endforeach()
set(private "")
foreach(library IN LISTS libraries)
    if(library STREQUAL "Threads::Threads")
        list(APPEND private -pthread)
    else()
        list(APPEND private -l${library})
    endif()
endforeach()
list(JOIN private " " private)
configure_file(package/tenon.pc.in ${CMAKE_CURRENT_BINARY_DIR}/tenon.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/tenon.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
    COMPONENT development)
