"""webtoonctl doctor: is everything in place?"""

import typer

from tasks.cli_common import AsJson, as_json, clock, say

UNWELL = 1


def doctor(json: AsJson = False) -> None:
    """Check whether everything is in place.

    Settings, database, Redis, model, clock, alerts' letters and browser: one line each. Ends with
    1 if a check fails; a warning is something that only some jobs need.
    """
    from tasks.checks import State, examine  # noqa: PLC0415 -- loads nearly everything

    findings = []
    for finding in examine(clock()):
        findings.append(finding)
        if not json:
            say(f"{finding.state:<4}  {finding.check:<8}  {finding.message}")
    if json:
        as_json([{"check": f.check, "state": f.state, "message": f.message} for f in findings])
    if any(finding.state is State.FAIL for finding in findings):
        raise typer.Exit(UNWELL)
