# Before a Debian package is made of a folder: manual pages and changelogs are compressed.
file(GLOB_RECURSE paths ${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/man/*.[13]
     ${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/doc/*/changelog)
foreach(path IN LISTS paths)
    file(ARCHIVE_CREATE OUTPUT ${path}.gz PATHS ${path} FORMAT raw COMPRESSION GZip
         COMPRESSION_LEVEL 9)
    file(REMOVE ${path})
endforeach()
