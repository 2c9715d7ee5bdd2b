"""The README's lines for PowerShell, run by PowerShell 7; prompt.ps1 says what is replaced where
this is not Windows, where .ci/shells.ps1 runs them word for word."""
import shutil
import sys

import page
from driver import LONG


def run_prompt(stage, case):
    shell = shutil.which("pwsh")
    if shell is None:       # of no package of Debian's
        print("skipped: there is no pwsh")
        sys.exit(77)
    clone = stage.path("tenon")
    clone.mkdir()
    page.check_out(clone, stage.programs.parent, ["release", "package-windows"])
    process = stage.start(
        shell, "-NoProfile", "-NonInteractive", "-File", clone / "tests/readme/prompt.ps1",
        "-Case", case, "-Clone", clone, environment={"HOME": str(stage.folder)})
    process.end_input()
    process.wait(patience=LONG)


def case_exchange(stage):
    run_prompt(stage, "exchange")


def case_embedding(stage):
    """To an echo server of one's own, from an installation on."""
    run_prompt(stage, "embedding")


def case_service(stage):
    """As the manager of services would start it."""
    run_prompt(stage, "service")
