# Read by cpack for each of its generators.
if(CPACK_GENERATOR STREQUAL "DEB")
    set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
    set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/pack_debian.cmake)
    # Asked here for the shared library, as cpack would add scripts that call ldconfig to it, where
    # Debian has a trigger.
    set(folder ${CPACK_PACKAGE_DIRECTORY}/debian)
    file(MAKE_DIRECTORY ${folder}/shlibdeps/debian)
    file(TOUCH ${folder}/shlibdeps/debian/control)
    execute_process(COMMAND dpkg-shlibdeps -O ${CPACK_TENON_LIBRARY}
        WORKING_DIRECTORY ${folder}/shlibdeps OUTPUT_VARIABLE dependencies
        COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX REPLACE "^shlibs:Depends=|\n$" "" dependencies "${dependencies}")
    set(CPACK_DEBIAN_SHARED_PACKAGE_DEPENDS "${dependencies}")
endif()
