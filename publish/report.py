"""A report that informs and stops nothing: printed, kept as a file, and shown by a host that runs it."""

import os
from pathlib import Path


def tell(report: str, target: Path) -> None:
    """Print a report in Markdown, write it to a file, and add it to the summary page where GitHub offers one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(report, encoding="utf-8")
    print(report)
    print(f"The report is in {target}")
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as page:
            page.write(report)
