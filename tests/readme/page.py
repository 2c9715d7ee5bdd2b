"""The README as its tests read it: its blocks, and a folder to run them in.

A block is what a fence holds, or lines that are indented by four. Its kind is what the fence says;
of indented ones `prompt` (lines of PowerShell, behind `PS>`), `transcript` (commands behind `$`
with what they print), `sh` (any other). Its section is the nearest heading of two or three `#`.
"""
import collections
import pathlib
import re
import textwrap

SOURCES = pathlib.Path(__file__).absolute().parents[2]
README = SOURCES / "README.md"
BLOCK = re.compile(r"^```(\w*)\n([\s\S]*?)^```$|((?:^    .*\n)+)|^###? (.*)$", re.M)

Block = collections.namedtuple("Block", "section kind text")


def blocks_of(text):
    section = None
    for fence, content, indented, heading in (found.groups() for found in BLOCK.finditer(text)):
        if heading:
            section = heading
        elif indented is None:
            yield Block(section, fence, content)
        else:
            lines = textwrap.dedent(indented)
            starts = {"PS> ": "prompt", "$ ": "transcript"}
            yield Block(section, next((kind for start, kind in starts.items()
                                       if lines.startswith(start)), "sh"), lines)


class Mismatch(Exception):
    pass


def read():
    return list(blocks_of(README.read_text(encoding="utf-8")))


def first_line(block):
    """Without the comment of a shell."""
    return re.sub(r" +#.*", "", block.text.splitlines()[0])


def block(section, first):
    """The one of that section that begins with this line."""
    found = [each for each in read() if each.section == section and first_line(each) == first]
    if len(found) != 1:
        raise Mismatch(f"there is not one but {len(found)} blocks {first!r} in {section!r}")
    return found[0]


def replace(text, *pairs):
    """What belongs to a machine, by what stands for it here: each is in the text once."""
    for old, new in pairs:
        if text.count(old) != 1:
            raise Mismatch(f"{old!r} is {text.count(old)} times in {text!r}")
        text = text.replace(old, str(new))
    return text


def check_out(folder, build, names=("release",)):
    """A folder like a clone of the repository in which the presets of these names were built."""
    folder = pathlib.Path(folder)
    for path in SOURCES.iterdir():
        if path.name not in ("build", ".git"):
            (folder / path.name).symlink_to(path)
    (folder / "build").mkdir()
    for name in names:
        (folder / "build" / name).symlink_to(pathlib.Path(build).absolute())


def transcript(text):
    """Its command, and what that prints."""
    command, printed = text.removeprefix("$ ").split("\n", 1)
    return re.sub(r" +#.*", "", command), printed
