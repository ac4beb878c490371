"""The device: what is on its face, and how the controls, the network and the script are wired."""

from typing import Any

from patch import (
    AUTOMATED,
    BLOB,
    CHOICE,
    FLOAT,
    INTEGER,
    STORED,
    UNIT_FLOAT,
    UNIT_INTEGER,
    Patch,
    Rect,
)

WIDTH = 928.0
SCRIPT = "audiogen.js"
LETTERS = ("A", "B", "C", "D")
SLOTS = ("1", "2", "3", "4")
LAUNCHES = ("off", "beat", "bar")
FOLLOW = ("nothing", "tune of last input", "style of last input")
INTO = ("next empty slot", "selected slot", "arrangement at playhead", "drop folder only")
REPLY_PORT, DAEMON_PORT = 11021, 11010
MAX_SEED = 9_999_999

SFPLAY = ["#N", "sfplay~", "", 2, 120960, 0, ""]

_DIAL = (1, ["", "float"])
_TEXT = (1, ["", ""])
_MENU = (1, ["", "", "float"])
_EDIT = (1, ["", "int", "", ""])

ACCENT = [1.0, 0.604, 0.302, 1.0]
LEVEL = [0.36, 0.78, 0.42, 1.0]
DARK = [0.1, 0.1, 0.1, 1.0]
TROUGH = [0.0, 0.0, 0.0, 0.35]


def build() -> dict[str, Any]:
    """Return the whole patcher."""
    return _Device().patch.patcher(WIDTH, SCRIPT)


class _Device:
    def __init__(self) -> None:
        self.patch = Patch()
        self.row = 0
        self.shown: dict[str, str] = {}
        self.edits: list[str] = []
        self.values: list[str] = []
        self._sound()
        self.script = self._script()
        self._network()
        self._prompt()
        self._numbers()
        self._dials()
        self._variations()
        self._settings()
        self._mix()
        self._jam()
        self._in_time()
        self._routes()
        self._start()

    # -- sound, script, network ------------------------------------------------------------------------------------

    def _sound(self) -> None:
        patch = self.patch
        source = patch.object("plugin~", 20, 20, 2, ["signal", "signal"])
        self.player = patch.object("sfplay~ 2", 120, 20, 2, ["signal", "signal", "bang"], save=SFPLAY)
        target = patch.object("plugout~", 20, 100, 2, ["signal", "signal"])
        for channel in (0, 1):
            patch.connect(source, target, channel, channel)
            patch.connect(self.player, target, channel, channel)

    def _script(self) -> str:
        attributes = {"filename": SCRIPT, "parameter_enable": 0}
        return self.patch.object(f"js {SCRIPT}", 420, 60, 1, [""] * 5, saved_object_attributes=attributes)

    def _network(self) -> None:
        patch = self.patch
        out = patch.object(f"udpsend 127.0.0.1 {DAEMON_PORT}", 420, 100, 1, [])
        probe = patch.object(f"udpsend 127.0.0.1 {REPLY_PORT}", 590, 100, 1, [])
        receive = patch.object(f"udpreceive {REPLY_PORT} @defer 1", 420, 20, 1, [""])
        prefix = patch.object("prepend osc", 600, 20, 1, [""])
        patch.connect(self.script, out, 0)
        patch.connect(self.script, probe, 1)
        patch.connect(self.script, receive, 2)
        patch.connect(receive, prefix)
        patch.connect(prefix, self.script)
        patch.connect(self.script, self.player, 4)

    # -- controls --------------------------------------------------------------------------------------------------

    def _next_row(self) -> float:
        self.row += 1
        return 120.0 + 30.0 * self.row

    def _label(self, text: str, x: float, y: float, width: float) -> None:
        rect = (900.0, self._next_row(), width, 16.0)
        look = {"presentation": 1, "presentation_rect": [x, y, width, 16.0], "textjustification": 0}
        self.patch.box("live.comment", rect, 1, [], text=text, **look)

    def _control(self, maxclass: str, name: str, short: str, face: Rect, ports: Any, **attributes: Any) -> str:
        rect = (20.0, self._next_row(), face[2], face[3])
        return self.patch.parameter(
            maxclass, name, short, rect, ports=ports, presentation=1, presentation_rect=list(face), **attributes
        )

    def _value(self, key: str, box: str, outlet: int = 0) -> str:
        """Wire a control's value to the script, and let the script move it."""
        prefix = self.patch.object(f"prepend ui {key}", 200, self._next_row(), 1, [""])
        self.patch.connect(box, prefix, outlet)
        self.patch.connect(prefix, self.script)
        self.shown[key] = box
        return box

    def _number(self, key: str, name: str, short: str, face: Rect, **value: Any) -> None:
        value = {"initial_enable": 1, "unitstyle": UNIT_INTEGER, **value}
        self.values.append(self._value(key, self._control("live.numbox", name, short, face, _DIAL, value=value)))

    def _choice(self, kind: str, key: str, name: str, face: Rect, items: tuple[str, ...], **attributes: Any) -> None:
        initial = attributes.pop("initial", 0)
        value = {"enum": list(items), "initial": [initial], "initial_enable": 1, "mmax": len(items) - 1, "type": CHOICE}
        ports = _TEXT if kind == "live.text" else _MENU
        box = self._control(kind, name, name, face, ports, value=value, **attributes)
        self.values.append(self._value(key, box))

    def _toggle(self, key: str, name: str, text: str, face: Rect, initial: int) -> None:
        self._choice("live.text", key, name, face, ("off", "on"), initial=initial, mode=1, text=text, texton=text)

    def _button(self, key: str, name: str, text: str, face: Rect, first: str = "", **look: Any) -> None:
        """Add a button; `first` is a box that gets a bang before the script hears of the press."""
        value = {"enum": ["off", "on"], "mmax": 1, "type": CHOICE, "invisible": AUTOMATED}
        box = self._control("live.text", name, name, face, _TEXT, value=value, mode=0, text=text, **look)
        bangs = ["bang", "bang"] if first else ["bang"]
        order = self.patch.object(" ".join("t" + "b" * len(bangs)), 200, self._next_row(), 1, bangs)
        said = self.patch.message(f"ui {key}", 300, self._next_row())
        self.patch.connect(box, order)
        self.patch.connect(order, said)
        if first:
            self.patch.connect(order, first, 1)
        self.patch.connect(said, self.script)
        self.shown[key] = box

    def _edit(self, key: str, name: str, initial: str, rect: Rect, face: Rect | None) -> str:
        value = {"initial": [initial], "initial_enable": 1, "invisible": STORED, "type": BLOB}
        look: dict[str, Any] = {"keymode": 1, "outputmode": 1, "wordwrap": 1, "rounded": 4.0, "text": initial}
        if face:
            look.update(presentation=1, presentation_rect=list(face))
        box = self.patch.parameter("textedit", name, name, rect, ports=_EDIT, value=value, **look)
        self.edits.append(self._value(key, box))
        return box

    def _show(self, key: str, maxclass: str, face: Rect, outlets: list[str], **attributes: Any) -> None:
        """Add something that only shows."""
        rect = (640.0, self._next_row(), face[2], face[3])
        look = {"presentation": 1, "presentation_rect": list(face), **attributes}
        self.shown[key] = self.patch.box(maxclass, rect, 1, outlets, **look)

    # -- the face, from left to right ------------------------------------------------------------------------------

    def _prompt(self) -> None:
        self._show("dot", "comment", (6.0, 3.0, 16.0, 20.0), [], text="●", textcolor=ACCENT, fontsize=12.0)
        self._show("connection", "live.comment", (22.0, 5.0, 226.0, 16.0), [], text="starting", textjustification=0)
        face = (8.0, 24.0, 240.0, 52.0)
        self.prompt = self._edit("prompt", "Prompt", "warm dusty lo-fi loop", (20.0, 120.0, 240.0, 50.0), face)
        loud = {"activebgcolor": ACCENT, "activetextcolor": DARK, "fontsize": 11.0}
        self._button("generate", "Generate", "Generate", (8.0, 82.0, 156.0, 24.0), first=self.prompt, **loud)
        self._button("cancel", "Cancel", "Cancel", (170.0, 82.0, 78.0, 24.0))
        bar = {"orientation": 0, "setminmax": [0.0, 1.0], "setstyle": 1, "size": 1, "ignoreclick": 1}
        look = {"bgcolor": TROUGH, "slidercolor": ACCENT, "parameter_enable": 0}
        self._show("progress", "multislider", (8.0, 112.0, 240.0, 8.0), ["", ""], **bar, **look)
        self._show("note", "live.comment", (6.0, 123.0, 244.0, 42.0), [], text="", textjustification=0)

    def _numbers(self) -> None:
        self._label("Bars", 262.0, 4.0, 50.0)
        self._number("bars", "Bars", "Bars", (264.0, 19.0, 46.0, 16.0), type=INTEGER, mmin=1.0, mmax=64.0, initial=[4])
        self._toggle("loop", "Loop", "Loop", (316.0, 19.0, 50.0, 16.0), 1)
        self._label("Model", 262.0, 36.0, 100.0)
        self._models("model", "Model", (264.0, 50.0, 102.0, 18.0))
        self._label("Finish with", 262.0, 69.0, 100.0)
        self._models("finish", "Finish", (264.0, 83.0, 102.0, 18.0))
        self._label("Into", 262.0, 102.0, 100.0)
        self._choice("live.menu", "into", "Into", (264.0, 116.0, 102.0, 16.0), INTO)
        self._label("Takes", 262.0, 132.0, 100.0)
        self._choice("live.tab", "takes", "Takes", (264.0, 146.0, 102.0, 18.0), ("1", "2", "3", "4"))

    def _models(self, key: str, name: str, face: Rect) -> None:
        """Add a menu that the daemon fills with its models, and a hidden field that keeps the choice with the set."""
        look = {"items": ["default"], "parameter_enable": 0, "presentation": 1, "presentation_rect": list(face)}
        rect = (20.0, self._next_row(), 100.0, 20.0)
        menu = self.patch.box("umenu", rect, 1, ["int", "", ""], varname=name, **look)
        self._value(key, menu, 1)
        self._edit(f"{key}_name", f"{name} Name", "", (20.0, self._next_row(), 100.0, 20.0), None)

    def _dials(self) -> None:
        self._dial("temperature", "Temperature", "Temp", (382.0, 4.0), 0.0, 2.0, 1.0)
        self._dial("guidance", "Guidance", "Guide", (432.0, 4.0), 0.0, 10.0, 3.0)
        self._toggle("own", "Model's Own", "model's own", (380.0, 58.0, 100.0, 16.0), 1)
        self._label("Seed", 378.0, 78.0, 60.0)
        face = (380.0, 93.0, 62.0, 16.0)
        seed = {"type": FLOAT, "mmin": 0.0, "mmax": float(MAX_SEED), "initial": [0.0], "invisible": STORED}
        self._number("seed", "Seed", "Seed", face, **seed)
        self._toggle("lock", "Seed Lock", "lock", (446.0, 93.0, 34.0, 16.0), 0)
        self._label("Experimental", 378.0, 112.0, 100.0)
        self._toggle("hear", "Hear In Track", "hear in track", (380.0, 128.0, 100.0, 18.0), 0)

    def _dial(
        self, key: str, name: str, short: str, at: tuple[float, float], low: float, high: float, initial: float
    ) -> None:
        value = {"type": FLOAT, "mmin": low, "mmax": high, "initial": [initial], "initial_enable": 1}
        value["unitstyle"] = UNIT_FLOAT
        face = (*at, 44.0, 48.0)
        self.values.append(self._value(key, self._control("live.dial", name, short, face, _DIAL, value=value)))

    def _variations(self) -> None:
        self._label("Variations", 492.0, 4.0, 80.0)
        for index, letter in enumerate(LETTERS):
            y = 19.0 + 24.0 * index
            self._button(f"play_{letter}", f"Play {letter}", f"▶ {letter}", (494.0, y, 56.0, 20.0))
            self._button(f"put_{letter}", f"Put {letter}", "put", (554.0, y, 30.0, 20.0))
        bars = {"orientation": 1, "setminmax": [-60.0, 0.0], "setstyle": 1, "size": 2, "spacing": 2, "ignoreclick": 1}
        look = {"bgcolor": TROUGH, "slidercolor": LEVEL, "parameter_enable": 0}
        self._show("level", "multislider", (590.0, 19.0, 20.0, 92.0), ["", ""], **bars, **look)

    def _settings(self) -> None:
        ports = {"type": FLOAT, "mmin": 1024.0, "mmax": 65535.0, "invisible": STORED}
        self._label("Daemon", 492.0, 117.0, 66.0)
        self._number(
            "daemon_port", "Daemon Port", "Daemon", (560.0, 117.0, 50.0, 16.0), initial=[float(DAEMON_PORT)], **ports
        )
        self._label("Reply port", 492.0, 138.0, 66.0)
        self._number(
            "reply_port", "Reply Port", "Reply", (560.0, 138.0, 50.0, 16.0), initial=[float(REPLY_PORT)], **ports
        )

    def _mix(self) -> None:
        for index, slot in enumerate(SLOTS):
            x = 630.0 + 46.0 * index
            self._dial(f"mix_{slot}", f"Mix {slot}", f"Mix {slot}", (x, 4.0), 0.0, 1.0, 0.0)
            self._button(f"lay_{slot}", f"Lay {slot}", f"put {slot}", (x, 56.0, 42.0, 18.0), first=self.prompt)

    def _jam(self) -> None:
        self._label("Jam", 628.0, 78.0, 100.0)
        self._button("jam", "Jam", "Jam", (630.0, 93.0, 64.0, 20.0), first=self.prompt)
        self._button("jam_stop", "Jam Stop", "Stop", (698.0, 93.0, 52.0, 20.0))
        self._button("jam_keep", "Jam Keep", "keep bars", (754.0, 93.0, 58.0, 20.0))
        self._label("Record the input", 628.0, 117.0, 120.0)
        self._button("record", "Record", "Record bars", (630.0, 132.0, 120.0, 20.0))
        self._button("record_stop", "Record Stop", "Stop", (754.0, 132.0, 58.0, 20.0))

    def _in_time(self) -> None:
        self._label("Launch", 822.0, 4.0, 96.0)
        self._choice("live.tab", "launch", "Launch", (824.0, 19.0, 96.0, 18.0), LAUNCHES)
        self._label("Follow", 822.0, 41.0, 96.0)
        self._choice("live.menu", "follow", "Follow", (824.0, 56.0, 96.0, 16.0), FOLLOW)
        self._dial("beta", "Beta", "Beta", (850.0, 84.0), 1.0, 10.0, 5.0)

    # -- wiring ----------------------------------------------------------------------------------------------------

    def _routes(self) -> None:
        """Wire what the script shows: one [route] outlet per name."""
        names = sorted(self.shown)
        route = self.patch.object("route " + " ".join(names), 420, 140, 1, [""] * (len(names) + 1))
        self.patch.connect(self.script, route, 3)
        for outlet, name in enumerate(names):
            self.patch.connect(route, self.shown[name], outlet)

    def _start(self) -> None:
        """Once Live is there: the fields tell their text, the controls their values, then the script begins."""
        patch = self.patch
        begin = patch.object("live.thisdevice", 240, 20, 1, ["bang", "int", "int"])
        order = patch.object("t b b b", 240, 50, 1, ["bang", "bang", "bang"])
        ready = patch.message("live", 240, 100)
        tell = patch.message("outputvalue", 300, 100)
        patch.connect(begin, order)
        patch.connect(order, ready, 0)
        patch.connect(ready, self.script)
        patch.connect(order, tell, 1)
        for box in self.values:
            patch.connect(tell, box)
        for box in self.edits:
            patch.connect(order, box, 2)
