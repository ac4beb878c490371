"""The rules: what a message means, as one pure function from (session, message, now) to (session, effects)."""

from collections.abc import Callable
from typing import Any

from audiogen_daemon import messages as m
from audiogen_daemon.errors import CommandError
from audiogen_daemon.session import (
    clock,
    connection,
    engine,
    files,
    jam,
    recording,
    stopping,
    takes,
    values,
    variations,
)
from audiogen_daemon.session.state import Now, Session, Step, accept_journal, remember

__all__ = ["RULES", "Now", "Session", "Step", "accept_journal", "remember", "step"]


def step(session: Session, message: m.Message, now: Now) -> Step:
    """Return the session after a message and the effects it has. A wrong command changes nothing and answers /error."""
    rule = RULES[type(message)]
    try:
        return rule(session, message, now)
    except CommandError as error:
        assert isinstance(message, m.Command)
        client = getattr(message, "client", "")
        return session, [m.Answer(message.sender, "/error", (message.address, str(error), *[client] * bool(client)))]


RULES: dict[type[Any], Callable[[Session, Any, Now], Step]] = {
    m.Generate: takes.generate,
    m.Continue: takes.continue_take,
    m.Again: takes.again,
    m.Cancel: stopping.cancel,
    m.CancelAll: stopping.cancel_all,
    m.JamStart: jam.start,
    m.JamStop: stopping.jam_stop,
    m.JamKeep: jam.keep,
    m.RecordInput: recording.start,
    m.RecordStop: recording.stop,
    m.JamSlow: jam.slow,
    m.MorphPrompt: jam.morph_prompt,
    m.MorphWeights: jam.morph_weights,
    m.MorphWeight: jam.morph_weight,
    m.AddTag: values.add_tag,
    m.PresetPrompt: values.preset,
    m.SetValue: values.set_value,
    m.GetValue: values.get_value,
    m.GetState: values.get_state,
    m.TransportTempo: clock.tempo,
    m.TransportSignature: clock.signature,
    m.TransportPlaying: clock.playing,
    m.TransportBeat: clock.beat,
    m.FindStem: connection.find_stem,
    m.MonitorPlay: variations.play,
    m.ListTakes: variations.recent,
    m.MonitorStop: connection.monitor_stop,
    m.MonitorGain: connection.gain,
    m.MonitorDevice: connection.device,
    m.LoadModel: connection.load,
    m.UnloadModel: connection.unload,
    m.ListModels: connection.models,
    m.Subscribe: connection.peer,
    m.Unsubscribe: connection.peer,
    m.Ping: connection.ping,
    m.Status: connection.status,
    m.Help: connection.list_addresses,
    m.Invalid: connection.invalid,
    m.Drain: engine.drain,
    m.EngineState: engine.engine_state,
    m.EngineMemory: engine.engine_memory,
    m.ModelReady: engine.model_ready,
    m.ModelGone: engine.model_gone,
    m.ModelFailed: engine.model_failed,
    m.InstalledModels: engine.installed,
    m.RefusedModels: engine.refused,
    m.JobStarted: engine.job_started,
    m.JobProgress: engine.job_progress,
    m.JobDone: engine.job_done,
    m.TakeFinished: engine.take_finished,
    m.JobCancelled: engine.job_cancelled,
    m.JobFailed: engine.job_failed,
    m.StemSaved: files.stem_saved,
    m.StemHeld: files.stem_held,
    m.StemUnsaved: files.stem_unsaved,
    m.FileLanded: files.file_landed,
    m.FileRemoved: files.file_removed,
    m.FileRenamed: files.file_renamed,
    m.InputLanded: files.input_landed,
    m.InputRemoved: files.input_removed,
    m.FileUnusable: files.file_unusable,
    m.FolderState: files.folder_state,
    m.PreviewStarted: files.preview_started,
    m.PreviewWritten: files.preview_written,
    m.TakeAudible: connection.take_audible,
    m.TakePlaying: connection.take_playing,
    m.MonitorStarved: connection.starved,
    m.MonitorLevel: connection.level,
    m.MonitorState: connection.monitor_state,
    m.RecordingWaiting: recording.waiting,
    m.RecordingStarted: recording.started,
    m.RecordingProgress: recording.progress,
    m.RecordingDone: recording.done,
    m.RecordingCancelled: recording.cancelled,
    m.RecordingFailed: recording.failed,
    m.LinkHeard: clock.link_heard,
    m.LinkMissing: clock.link_missing,
}
