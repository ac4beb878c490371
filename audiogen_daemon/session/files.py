"""Stems and what happens in the drop folder."""

import dataclasses
from types import MappingProxyType

from audiogen_daemon import messages as m
from audiogen_daemon.session.state import Now, Session, Step, landing, not_landing, remember


def stem_saved(session: Session, event: m.StemSaved, now: Now) -> Step:
    session = remember(session, event.take, event.path)
    return session, [m.Notify("/stem/saved", (event.take.id, event.path))]


def stem_held(session: Session, event: m.StemHeld, now: Now) -> Step:
    reason = f"take {event.take.id} is kept safe: {event.reason}"
    return landing(session, event.take, "held"), [m.Notify("/error", ("/stem/saved", reason))]


def stem_unsaved(session: Session, event: m.StemUnsaved, now: Now) -> Step:
    reason = f"take {event.take.id} is not saved: {event.reason}; {event.then}"
    return not_landing(session, event.take), [m.Notify("/error", ("/stem/saved", reason))]


def file_landed(session: Session, event: m.FileLanded, now: Now) -> Step:
    return session, [m.Notify("/stem/landed", (event.path,))]


def file_removed(session: Session, event: m.FileRemoved, now: Now) -> Step:
    made = {k: v for k, v in session.made.items() if v[1] != event.path}
    session = dataclasses.replace(session, made=MappingProxyType(made))
    return session, [m.Notify("/stem/removed", (event.path,))]


def file_renamed(session: Session, event: m.FileRenamed, now: Now) -> Step:
    made = {k: (take, event.new if path == event.old else path) for k, (take, path) in session.made.items()}
    session = dataclasses.replace(session, made=MappingProxyType(made))
    told = [m.Notify("/stem/removed", (event.old,)), m.Notify("/stem/landed", (event.new,))]
    return session, [m.Renamed(event.old, event.new), *told]


def input_landed(session: Session, event: m.InputLanded, now: Now) -> Step:
    return session, [m.Notify("/input/landed", (event.name, event.seconds))]


def input_removed(session: Session, event: m.InputRemoved, now: Now) -> Step:
    return session, [m.Notify("/input/removed", (event.name,))]


def file_unusable(session: Session, event: m.FileUnusable, now: Now) -> Step:
    return session, [m.Notify("/error", (event.address, event.reason))]


def folder_state(session: Session, event: m.FolderState, now: Now) -> Step:
    if event.there:
        return session, [m.DeliverHeld()]
    reason = f"{event.path} is gone; takes are kept safe and land when it is back"
    return session, [m.Notify("/error", ("/stem/saved", reason))]


def preview_started(session: Session, event: m.PreviewStarted, now: Now) -> Step:
    return session, [m.Notify("/preview/started", (event.take, event.path, event.seconds))]


def preview_written(session: Session, event: m.PreviewWritten, now: Now) -> Step:
    return session, [m.Notify("/preview/written", (event.take, event.seconds))]
