/* How the interface leaves a shared library: nothing is said here, as no system's word may stand in
 * these headers. Whoever builds one, or links with it, defines TENON_API to what the compiler wants
 * to hear; the CMake package does. A program that links with the Windows library and defines
 * nothing works as well, with one more jump for each call. */
#ifndef TENON_EXPORT_H
#define TENON_EXPORT_H

#ifndef TENON_API
#define TENON_API
#endif

#endif
