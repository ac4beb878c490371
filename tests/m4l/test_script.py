"""The script is what Max's js object runs, and the stand-in for Max refuses what Max would choke on."""

import subprocess

import pytest

from tests.live_daemon import free_port
from tests.m4l.live import eventually, node

CHECK_ES5 = """
const acorn = require("internal/deps/acorn/acorn/dist/acorn");
acorn.parse(require("fs").readFileSync(0, "utf8"), {ecmaVersion: 5});
"""


def es5_error(script: bytes) -> str:
    """Return why a strict ES5 parser (acorn, which Node carries) refuses the script; empty when it does not."""
    command = [*node(), "--expose-internals", "-e", CHECK_ES5]
    run = subprocess.run(command, input=script, capture_output=True, timeout=30, check=False)
    return run.stderr.decode() if run.returncode else ""


def test_the_script_is_es5(shipped):
    assert es5_error(shipped.device.file("audiogen.js")) == ""


@pytest.mark.parametrize("line", [b"const a = 1;", b"f((x) => x);", b"f(1,);", b"var {a} = b;", b"var s = `t`;"])
def test_one_modern_word_would_be_noticed(shipped, line):
    assert "SyntaxError" in es5_error(shipped.device.file("audiogen.js") + b"\n" + line)


@pytest.fixture
def ports():
    return {"Daemon Port": free_port(), "Reply Port": free_port()}


def test_only_the_four_messages_of_the_patcher_reach_the_script(open_live, ports):
    device = open_live().device(ports)

    assert sorted(device.functions()) == ["live", "notifydeleted", "osc", "ui"]


MISUSE = {
    "outlet.apply crashes Live": 'outlet.apply(null, [0, "/ping"]);',
    "outlet 9 does not exist": 'outlet(9, "bang");',
    "outlet 0 cannot send": "outlet(0, undefined);",
    "Task needs a function": 'new Task("work");',
    "Task cannot wait": "new Task(function () {}).schedule(NaN);",
    "Changes cannot be triggered": """
        var song = new LiveAPI("live_set");
        var watch = new LiveAPI(function () { song.call("create_scene", -1); }, "live_set");
        watch.property = "tempo";
    """,
    "is not a function": '"abc".includes("b");',
    "setTimeout is not defined": "setTimeout(function () {}, 1);",
    "has no property": 'new LiveAPI("live_set").get("colour");',
    "cannot be set": 'new LiveAPI("live_set").set("tempo", 90);',
}


@pytest.mark.parametrize("reason", MISUSE)
def test_misuse_of_max_throws(shipped, open_live, ports, reason):
    live = open_live()
    device = live.device(ports)

    device.run(MISUSE[reason])

    (error,) = device.look()["errors"]
    assert reason in error
    device.unload()


def test_live_is_not_there_before_the_device_says_so(open_live, ports):
    device = open_live().device(ports, begin=False)

    device.run('new LiveAPI("live_set");')

    (error,) = device.look()["errors"]
    assert "before live.thisdevice" in error
    device.unload()


def test_live_is_out_of_reach_from_the_network(open_live, ports):
    device = open_live().device(ports)
    eventually(lambda: device.sent("/ping"), device.tell)

    device.run('osc = function () { new LiveAPI("live_set"); };')
    device.hear("/pong", "anything")

    (error,) = eventually(lambda: device.look()["errors"])
    assert "use a Task" in error
    device.unload()


def test_nothing_is_asked_of_live_while_the_set_still_loads(open_live, ports):
    device = open_live().device(ports, begin=False)

    device.live.rest(0.1)

    assert device.look()["sent"] == []
