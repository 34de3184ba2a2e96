"""/ops: what those who run the bots want to know at a glance, wherever they are."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from bot.conversation.context import Context
from bot.conversation.reply import Reply
from bot.conversation.taste import INLINE, NEW, WELCOME
from db import alerts, duties, feedback, impressions, jobs, models, pulses, readers
from db.duties import DutyRow
from db.jobs import Run
from db.pulses import PulseRow

_SILENT = timedelta(minutes=3)  # a process says once a minute that it lives
_LATELY = timedelta(days=7)
_INCIDENTS = 10  # of more than that the first ones tell enough


def overview(ctx: Context) -> Reply:
    """The model, jobs, processes, queues, incidents, and what readers make of it; in private."""
    parts = (
        [ctx.say("ops.head"), _model(ctx), _people(ctx)],
        _jobs(ctx),
        _processes(ctx),
        _incidents(ctx),
        _liked(ctx),
    )
    return Reply("\n\n".join("\n".join(lines) for lines in parts), private=True)


def _model(ctx: Context) -> str:
    active = models.active(ctx.session)
    if active is None:
        return ctx.say("ops.no_model")
    quality = active.metrics.get("ndcg@10")
    return ctx.say(
        "ops.model",
        model=active.id,
        demo=ctx.say("ops.demo") if active.demo else "",
        age=_span(ctx, ctx.now - active.created_at),
        rows=f"{active.rows:,}",
        quality="–" if quality is None else f"{quality:.3f}",
    )


def _people(ctx: Context) -> str:
    people, verdicts = readers.count(ctx.session), feedback.count(ctx.session)
    return ctx.say("ops.people", readers=f"{people:,}", verdicts=f"{verdicts:,}")


def _jobs(ctx: Context) -> Iterator[str]:
    runs = jobs.last_runs(ctx.session)
    due = {duty.name: duty for duty in duties.every(ctx.session)}
    names = sorted({*runs, *due})
    yield ctx.say("ops.jobs" if names else "ops.no_jobs")
    for name in names:
        told = (_ran(ctx, runs.get(name)), _next(ctx, due.get(name)))
        yield ctx.say("ops.job", name=name, told=", ".join(part for part in told if part))


def _ran(ctx: Context, run: Run | None) -> str:
    if run is None:
        return ctx.say("ops.never")
    outcome, at = run.outcome or "running", run.finished_at or run.started_at
    return ctx.say(f"ops.{outcome}", span=_span(ctx, ctx.now - at))


def _next(ctx: Context, duty: DutyRow | None) -> str:
    if duty is None:
        return ""
    if duty.late_at <= ctx.now:
        return ctx.say("ops.late", span=_span(ctx, ctx.now - duty.due_at))
    return ctx.say("ops.next", span=_span(ctx, duty.due_at - ctx.now))


def _processes(ctx: Context) -> Iterator[str]:
    living = pulses.every(ctx.session)
    yield ctx.say("ops.processes" if living else "ops.no_processes")
    for pulse in living:
        model = pulse.facts.get("model")
        name = f"{pulse.name} ({model})" if model else pulse.name
        silence = ctx.now - pulse.at
        key = "ops.silent" if silence > _SILENT else "ops.alive"
        yield ctx.say(key, name=name, span=_span(ctx, silence))
    yield _queues(ctx, living)


def _queues(ctx: Context, living: list[PulseRow]) -> str:
    """How much waits in each queue, as beat saw it last."""
    told = [pulse for pulse in living if "queue" in pulse.facts]
    latest = max(told, key=_heard, default=None)
    seen = latest.facts["queue"] if latest else None
    if not isinstance(seen, Mapping):  # beat is not there, or does not reach the broker
        return ctx.say("ops.no_queues")
    lengths = ", ".join(f"{name} {waiting}" for name, waiting in sorted(seen.items()))
    return ctx.say("ops.queues", lengths=lengths)


def _heard(pulse: PulseRow) -> datetime:
    return pulse.at


def _incidents(ctx: Context) -> Iterator[str]:
    """The incidents in the words that operators were told of them in, which are English."""
    found = alerts.open_alerts(ctx.session)
    yield ctx.say("ops.incidents" if found else "ops.no_incidents")
    for incident in found[:_INCIDENTS]:
        span = _span(ctx, ctx.now - incident.opened_at)
        yield ctx.say("ops.incident", message=incident.message, span=span)
    if len(found) > _INCIDENTS:
        yield ctx.say("ops.more", count=len(found) - _INCIDENTS)


def _liked(ctx: Context) -> Iterator[str]:
    """What models suggested lately: not the questions, nor what was new or was chosen."""
    nobodys = (WELCOME, NEW, INLINE)
    rates = impressions.like_rates(ctx.session, ctx.now - _LATELY, except_policies=nobodys)
    yield ctx.say("ops.liked" if rates else "ops.nothing_shown")
    for model in dict.fromkeys(rate.model_id for rate in rates):
        own = [rate for rate in rates if rate.model_id == model]
        shown, liked = sum(rate.impressions for rate in own), sum(rate.likes for rate in own)
        yield ctx.say(
            "ops.rate",
            model=model or ctx.say("ops.without_model"),
            shown=f"{shown:,}",
            share=f"{100 * liked / shown:.1f}",
        )


def _span(ctx: Context, span: timedelta) -> str:
    """A time span in its largest unit, rounded down; no clock here agrees with all others."""
    minutes = max(int(span.total_seconds()) // 60, 0)
    if minutes < 60:
        return ctx.say("ops.minutes", number=minutes)
    if minutes < 48 * 60:
        return ctx.say("ops.hours", number=minutes // 60)
    return ctx.say("ops.days", number=minutes // (24 * 60))
