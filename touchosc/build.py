"""Write the control surfaces: `python -m touchosc.build [--config FILE] [--folder DIR]`.

With a configuration, the surfaces carry its presets, its model and its port for answers.
"""

import argparse
import sys
from importlib import resources
from pathlib import Path

from audiogen_daemon.config import Config, ConfigError, load
from touchosc import stage, tosc
from touchosc.layout import surface

FILES = {"Audiogen.tosc": tosc.write, "audiogen-open-stage-control.json": stage.write}


def main(arguments: list[str] | None = None) -> int:
    """Write both files and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m touchosc.build", description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, help="audiogen.toml whose presets go on the pads")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent, help="where to write")
    options = parser.parse_args(arguments)
    try:
        controls = surface(configured(options.config))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, write in FILES.items():
        (options.folder / name).write_bytes(write(controls))
    return 0


def configured(file: Path | None) -> Config:
    """Return a file's configuration; without one the defaults, whatever is set on this machine.

    Raises:
        ConfigError: the file cannot be read or says something that cannot be.
    """
    with resources.as_file(resources.files("audiogen_daemon").joinpath("default.toml")) as defaults:
        return load(file or defaults, environment={})


if __name__ == "__main__":
    sys.exit(main())
