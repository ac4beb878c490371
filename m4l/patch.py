"""A Max patcher under construction: boxes, cords between them, and the parameters that Live saves and maps."""

from typing import Any

from container import AUDIO_EFFECT, WRITTEN

FLOAT, INTEGER, CHOICE, BLOB = 0, 1, 2, 3
AUTOMATED, STORED = 0, 1
"""Whether a parameter can be automated and mapped, or is only saved with the set."""

UNIT_INTEGER, UNIT_FLOAT = 0, 1
BANK = 8

Rect = tuple[float, float, float, float]


class Patch:
    """Collects boxes in the order they are added; ids are obj-1, obj-2, ..."""

    def __init__(self) -> None:
        self.boxes: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = []
        self.parameters: dict[str, list[Any]] = {}
        self.bank: list[str] = []

    def box(self, maxclass: str, rect: Rect, inlets: int, outlets: list[str], **attributes: Any) -> str:
        """Add a box and return its id. rect: x, y, width, height in the patching view."""
        name = f"obj-{len(self.boxes) + 1}"
        box: dict[str, Any] = {"id": name, "maxclass": maxclass, "numinlets": inlets, "numoutlets": len(outlets)}
        if outlets:
            box["outlettype"] = outlets
        box["patching_rect"] = [float(value) for value in rect]
        box.update(sorted(attributes.items()))
        self.boxes.append({"box": box})
        return name

    def object(self, text: str, x: float, y: float, inlets: int, outlets: list[str], **attributes: Any) -> str:
        """Add an object box such as `prepend set`."""
        return self.box("newobj", (x, y, max(40.0, 7.0 * len(text)), 20.0), inlets, outlets, text=text, **attributes)

    def message(self, text: str, x: float, y: float) -> str:
        """Add a message box."""
        return self.box("message", (x, y, max(40.0, 7.0 * len(text)), 20.0), 2, [""], text=text)

    def parameter(self, maxclass: str, name: str, short: str, rect: Rect, **attributes: Any) -> str:
        """Add a control whose value Live saves. `value` holds its parameter_ attributes without the prefix."""
        value = attributes.pop("value")
        inlets, outlets = attributes.pop("ports")
        valueof = {"parameter_longname": name, "parameter_shortname": short}
        valueof.update({f"parameter_{key}": item for key, item in sorted(value.items())})
        box = self.box(
            maxclass,
            rect,
            inlets,
            outlets,
            parameter_enable=1,
            saved_attribute_attributes={"valueof": valueof},
            varname=name,
            **attributes,
        )
        self.parameters[box] = [name, short, 0]
        if value.get("invisible", AUTOMATED) == AUTOMATED and len(self.bank) < BANK:
            self.bank.append(name)
        return box

    def connect(self, source: str, target: str, outlet: int = 0, inlet: int = 0) -> None:
        """Draw a cord."""
        self.lines.append({"patchline": {"destination": [target, inlet], "source": [source, outlet]}})

    def patcher(self, width: float, script: str) -> dict[str, Any]:
        """Return the patcher of an audio effect that is `width` pixels wide and carries `script`."""
        bank = {"index": 0, "name": "", "parameters": self.bank + ["-"] * (BANK - len(self.bank))}
        return {
            "patcher": {
                "fileversion": 1,
                "appversion": {"major": 8, "minor": 6, "revision": 5, "architecture": "x64", "modernui": 1},
                "classnamespace": "box",
                "rect": [100.0, 100.0, 1180.0, 760.0],
                "openrect": [0.0, 0.0, 0.0, 169.0],
                "openinpresentation": 1,
                "default_fontsize": 10.0,
                "default_fontname": "Arial",
                "gridsize": [8.0, 8.0],
                "devicewidth": width,
                "description": "Music generation by a daemon on this computer, into this track",
                "digest": "Generates stems and clips",
                "tags": "",
                "style": "",
                "boxes": self.boxes,
                "lines": self.lines,
                "parameters": {**self.parameters, "parameterbanks": {"0": bank}, "inherited_shortname": 1},
                "dependency_cache": [{"name": script, "bootpath": ".", "type": "TEXT", "implicit": 1}],
                "latency": 0,
                "is_mpe": 0,
                "minimum_live_version": "",
                "minimum_max_version": "",
                "platform_compatibility": 0,
                "project": _project(script),
                "autosave": 0,
            }
        }


def _project(script: str) -> dict[str, Any]:
    """Return what Max asks of every device: without a project it refuses to open."""
    return {
        "version": 1,
        "creationdate": WRITTEN,
        "modificationdate": WRITTEN,
        "viewrect": [0.0, 0.0, 300.0, 500.0],
        "autoorganize": 1,
        "hideprojectwindow": 1,
        "showdependencies": 1,
        "autolocalize": 0,
        "contents": {"patchers": {}, "code": {script: {"kind": "javascript", "local": 1}}},
        "layout": {},
        "searchpath": {},
        "detailsvisible": 0,
        "amxdtype": int.from_bytes(AUDIO_EFFECT, "big"),
        "readonly": 0,
        "devpathtype": 0,
        "devpath": ".",
        "sortmode": 0,
        "viewmode": 0,
        "includepackages": 0,
    }
