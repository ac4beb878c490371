"""The device finds the daemon, says why when it does not, and finds it again."""

import os
import signal
import socket
import subprocess

from tests.live_daemon import free_port, live_daemon
from tests.m4l.live import eventually


def test_it_connects_and_says_so(device):
    assert device.connection == "connected"
    assert device.value("model") == "default"


def test_it_names_the_port_and_the_cure_when_nobody_answers(open_live):
    port = free_port()
    device = open_live(haste=8).device({"Daemon Port": port, "Reply Port": free_port()})

    eventually(lambda: device.connection == f"no answer from port {port}", device.tell)
    assert device.note == "the daemon does not answer; start it with: audiogen-daemon start"


def test_generate_without_a_daemon_says_what_to_do_and_sends_nothing(open_live):
    device = open_live().device({"Daemon Port": free_port(), "Reply Port": free_port()})

    device.generate("warm rhodes")

    assert "does not answer on port" in device.note
    assert device.sent("/generate") == []


def test_a_taken_reply_port_gives_way_to_the_next_and_is_kept(open_live, daemon):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        taken = other.getsockname()[1]
        device = open_live().device({"Daemon Port": daemon.port, "Reply Port": taken}).wait_connected()

        look = device.look()
    mine = look["saved"]["Reply Port"]
    assert mine > taken
    assert f"reply port {taken} is taken; this device uses {mine}" in "".join(look["console"])


def test_two_devices_of_one_set_get_ports_of_their_own(open_live, ports):
    live = open_live()
    first = live.device(ports).wait_connected()
    second = live.device(ports).wait_connected()

    assert first.value("reply_port") != second.value("reply_port")
    assert first.connection == "connected"


def test_the_port_is_opened_anew_when_another_one_is_chosen(device):
    port = free_port()

    device.turn("Reply Port", port)

    eventually(lambda: [port] in device.sent("/subscribe"), device.tell)
    assert device.value("reply_port") == port


def test_it_finds_a_daemon_that_is_started_later(open_live, tmp_path):
    port = free_port()
    device = open_live(haste=8).device({"Daemon Port": port, "Reply Port": free_port()})
    eventually(lambda: "no answer" in device.connection, device.tell)

    with live_daemon(tmp_path, port=port):
        device.wait_connected()


def test_it_follows_the_daemon_port(open_live, daemon):
    device = open_live().device({"Daemon Port": free_port(), "Reply Port": free_port()})

    device.turn("Daemon Port", daemon.port)

    device.wait_connected()


def test_it_subscribes_again_when_the_daemon_was_restarted(open_live, tmp_path):
    port = free_port()
    with live_daemon(tmp_path, port=port):
        device = open_live(haste=2).device({"Daemon Port": port, "Reply Port": free_port()}, saved={"Bars": 1})
        device.wait_connected()
    with live_daemon(tmp_path, port=port) as again:
        device.wait_note("the daemon was restarted")
        device.wait_connected()

        device.generate("after the restart")
        eventually(device.live.clips, device.tell)
        assert len(list(again.stems.glob("*.wav"))) == 1


def test_a_take_that_the_restarted_daemon_makes_still_becomes_a_clip(open_live, tmp_path):
    port = free_port()
    with live_daemon(tmp_path, port=port) as killed:
        live = open_live(haste=2)
        device = live.device({"Daemon Port": port, "Reply Port": free_port()}, saved={"Bars": 32}).wait_connected()
        device.generate("accepted means made")
        eventually(lambda: device.value("progress") > 0, device.tell)
        killed.process.kill()
    assert live.clips() == []

    with live_daemon(tmp_path, port=port):
        device.wait_note("take A in slot 1")
    (clip,) = live.clips()
    assert (clip["name"], clip["length"]) == ("accepted means made", 128)


def test_a_daemon_that_has_no_place_free_is_not_called_silent(open_live, tmp_path):
    with live_daemon(tmp_path, "osc.max_subscribers=1") as small:
        live = open_live(tracks=[{"name": "One"}, {"name": "Two"}], haste=2)
        first = live.device({"Daemon Port": small.port, "Reply Port": free_port()}, track=0).wait_connected()
        second = live.device({"Daemon Port": small.port, "Reply Port": free_port()}, track=1)

        eventually(lambda: second.connection == "the daemon has no place free", second.tell)
        second.generate("one too many")
        assert second.note == "the daemon listens to as many devices as it may; close one of them"

        first.unload()
        second.wait_connected()


def test_a_device_that_comes_late_is_told_why_the_engine_is_down(open_live, tmp_path):
    with live_daemon(tmp_path, "engine.quick_deaths=1") as daemon:
        children = subprocess.run(["pgrep", "-P", str(daemon.process.pid)], capture_output=True, text=True, check=True)
        os.kill(int(children.stdout.split()[0]), signal.SIGKILL)
        daemon.wait("/engine/state", lambda values: values == ["down"])
        device = open_live().device({"Daemon Port": daemon.port, "Reply Port": free_port()})

        eventually(lambda: device.connection == "connected, but the engine is down", device.tell)
        assert device.wait_note("the engine is down: engine exited with signal 9").endswith("; audiogen-daemon doctor")


def test_a_device_that_is_removed_unsubscribes(device, daemon):
    port = device.value("reply_port")
    device.unload()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", port))
        ear.settimeout(0.5)
        daemon.ask(("/state", ()))
        try:
            heard = ear.recv(65535)
        except TimeoutError:
            heard = b""
    assert heard == b""


def test_what_others_say_to_the_port_is_ignored(device):
    for address, values in (
        ("/nothing/of/ours", (1,)),
        ("/pong", ("someone else", 1)),
        ("/take/progress", (99, 0.5, 1.0)),
    ):
        device.hear(address, *values)
    device.live.rest(0.1)

    assert device.connection == "connected"
    assert device.value("progress") == 0


def test_models_of_the_daemon_fill_the_menu_and_the_chosen_one_comes_back_with_the_set(open_live, ports):
    live = open_live()
    first = live.device(ports).wait_connected()
    eventually(lambda: "tone" in first.look()["face"]["model"]["items"], first.tell)
    first.pick("Model", "tone")
    saved = first.look()["saved"]
    first.unload()

    second = live.device({}, saved=saved).wait_connected()

    assert saved["Model Name"] == "tone"
    eventually(lambda: second.value("model") == "tone", second.tell)
