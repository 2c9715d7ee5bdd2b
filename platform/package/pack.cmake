# What `cpack` makes of the install tree: archives, and Debian packages where it is to be installed
# below /usr. With SOURCE_DATE_EPOCH in the environment two builds of the same sources give the same
# bytes, wherever they are.
string(TOLOWER ${CMAKE_SYSTEM_NAME} system)
string(TOLOWER ${CMAKE_SYSTEM_PROCESSOR} processor)
if(CMAKE_GENERATOR_PLATFORM)
    string(TOLOWER ${CMAKE_GENERATOR_PLATFORM} processor)
endif()
string(REGEX REPLACE "^(x86_64|amd64)$" "x64" processor ${processor})
string(REGEX REPLACE "^aarch64$" "arm64" processor ${processor})
string(REGEX REPLACE "^darwin$" "macos" system ${system})

set(CPACK_PACKAGE_VENDOR "The tenon authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "small sockets layer for Linux and Windows")
set(CPACK_PACKAGE_CONTACT "The tenon authors <tenon@example.org>")
set(CPACK_PACKAGE_FILE_NAME tenon-${PROJECT_VERSION}-${system}-${processor})
set(CPACK_SOURCE_PACKAGE_FILE_NAME tenon-${PROJECT_VERSION})
set(CPACK_SOURCE_IGNORE_FILES "/build/" "/\\.git/" "/__pycache__/" "/CMakeUserPresets\\.json$")
set(CPACK_SOURCE_GENERATOR TGZ)
set(CPACK_GENERATOR TGZ)
if(WIN32)
    set(CPACK_GENERATOR ZIP)
endif()
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/pack_each.cmake)
set(CPACK_COMPONENTS_ALL programs shared development)
# A static C library is no other's business: what is linked with it are the programs alone.
if(CMAKE_EXE_LINKER_FLAGS MATCHES "(^| )-static( |$)" AND NOT WIN32)
    set(CPACK_COMPONENTS_ALL programs)
    set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};tenon;programs;/")
endif()

set(line ${PROJECT_VERSION_MAJOR})
if(line EQUAL 0)
    set(line ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endif()
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_NAME tenon)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SECTION net)
set(CPACK_DEBIAN_SHARED_PACKAGE_NAME libtenon${line})
set(CPACK_DEBIAN_SHARED_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libtenon-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "libtenon${line} (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_SHARED_PACKAGE_SHLIBDEPS OFF)
set(CPACK_TENON_LIBRARY ${PROJECT_BINARY_DIR}/platform/libtenon.so.${PROJECT_VERSION})
set(CPACK_DEBIAN_SHARED_PACKAGE_CONTROL_EXTRA
    ${PROJECT_BINARY_DIR}/debian/shlibs ${PROJECT_BINARY_DIR}/debian/triggers)
set(CPACK_COMPONENT_PROGRAMS_DESCRIPTION
"A server that greets, echoes or discards, for any number of clients,
and a client that is a health check and a load test as well.")
set(about
"Streams, listeners, timers and connects with one completion for each
operation, the same on Windows and on POSIX systems.")
set(CPACK_COMPONENT_SHARED_DESCRIPTION "${about}\nPrograms load this.")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "${about}\nPrograms are built with this.")

# What Debian wants beside each package's files.
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    file(READ ${PROJECT_SOURCE_DIR}/LICENSE license)
    string(REGEX REPLACE "^.*\n(Permission is)" "\\1" license "${license}")
    string(REGEX REPLACE "\n+$" "" license " ${license}")
    string(REPLACE "\n" "\n " license "${license}")
    string(REPLACE "\n \n" "\n .\n" license "${license}")
    string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
    foreach(part programs:tenon shared:libtenon${line} development:libtenon-dev)
        string(REPLACE ":" ";" part ${part})
        list(GET part 0 component)
        list(GET part 1 package)
        set(folder ${PROJECT_BINARY_DIR}/debian/${package})
        configure_file(package/copyright.in ${folder}/copyright @ONLY)
        configure_file(package/changelog.in ${folder}/changelog @ONLY)
        install(FILES ${folder}/copyright ${folder}/changelog COMPONENT ${component}
            DESTINATION share/doc/${package})
    endforeach()
    file(WRITE ${PROJECT_BINARY_DIR}/debian/shlibs
         "libtenon ${line} libtenon${line} (>= ${PROJECT_VERSION})\n")
    file(WRITE ${PROJECT_BINARY_DIR}/debian/triggers "activate-noawait ldconfig\n")
else()
    install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md TYPE DOC
        COMPONENT programs)
endif()
include(CPack)
