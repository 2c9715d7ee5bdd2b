#!/usr/bin/env python3
"""What Windows reads in our programs: which libraries they import, their version, their manifest.

    windows_file.py LIST VERSION FILE...

LIST has the libraries that every supported Windows brings, one a line.
"""
import pathlib
import re
import struct
import sys


class Image:
    """A file in the format PE32 or PE32+."""

    def __init__(self, path):
        self.data = pathlib.Path(path).read_bytes()
        start = self.number(0x3C, 4)
        if self.data[:2] != b"MZ" or self.data[start:start + 4] != b"PE\0\0":
            sys.exit("%s is no program of Windows" % path)
        sections = self.number(start + 6, 2)
        optional = start + 24
        wide = self.number(optional, 2) == 0x20B
        self.directories = optional + (112 if wide else 96)
        table = optional + self.number(start + 20, 2)
        self.sections = [struct.unpack_from("<IIII", self.data, table + 40 * i + 8)
                         for i in range(sections)]

    def number(self, offset, size):
        return int.from_bytes(self.data[offset:offset + size], "little")

    def offset(self, address):
        for size, first, raw_size, raw in self.sections:
            if first <= address < first + max(size, raw_size):
                return raw + address - first
        sys.exit("no section has the address %#x" % address)

    def directory(self, index):
        address = self.number(self.directories + 8 * index, 4)
        return self.offset(address) if address else None

    def text(self, address):
        start = self.offset(address)
        return self.data[start:self.data.index(b"\0", start)].decode()

    def libraries(self):
        """Of the import table and of the one for delayed loads."""
        names = []
        for index, size, name in ((1, 20, 12), (13, 32, 4)):
            entry = self.directory(index)
            while entry and self.number(entry + name, 4):
                names.append(self.text(self.number(entry + name, 4)).lower())
                entry += size
        return names

    def resources(self):
        """The data of each type of resource, by its number."""
        found = {}
        root = self.directory(2)
        if root is None:
            return found

        def walk(entry, kind):
            count = self.number(entry + 12, 2) + self.number(entry + 14, 2)
            for i in range(count):
                number, place = struct.unpack_from("<II", self.data, entry + 16 + 8 * i)
                if place & 0x80000000:
                    walk(root + (place & 0x7FFFFFFF), number if kind is None else kind)
                else:
                    address, size = struct.unpack_from("<II", self.data, root + place)
                    start = self.offset(address)
                    found[kind] = self.data[start:start + size]

        walk(root, None)
        return found


def main():
    allowed = pathlib.Path(sys.argv[1]).read_text().split("\n")
    allowed = [line for line in allowed if line and not line.startswith("#")]
    version = sys.argv[2]
    wrong = []
    for path in sys.argv[3:]:
        image = Image(path)
        libraries = image.libraries()
        print(path, *libraries)
        for library in libraries:
            if not any(re.fullmatch(pattern, library) for pattern in allowed):
                wrong.append("%s imports %s" % (path, library))
        if not libraries:
            wrong.append("%s imports nothing" % path)
        resources = image.resources()
        details = resources.get(16, b"").decode("utf-16-le", "ignore")
        if "ProductVersion" not in details or version not in details:
            wrong.append("%s has no details with the version %s" % (path, version))
        if path.endswith(".exe"):
            manifest = resources.get(24, b"").decode()
            for part in ('level="asInvoker"', ">UTF-8</activeCodePage>",
                         ">true</longPathAware>"):
                if part not in manifest:
                    wrong.append("%s: the manifest has not %s" % (path, part))
    sys.exit("\n".join(wrong) or None)


if __name__ == "__main__":
    main()
