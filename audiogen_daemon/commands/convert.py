"""`audiogen-daemon convert`: checkpoints in .bin files become folders that play."""

import argparse
import sys
from pathlib import Path

from audiogen_daemon.errors import CommandError, JobError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("source", type=Path, help="a folder with pytorch_model.bin or audiocraft's state_dict.bin")
    parser.add_argument("target", type=Path, help="the folder to write, such as one in the models folder")
    parser.add_argument(
        "--with",
        dest="parts",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="where to take T5, the codec or MERT from, if the source lacks them; repeatable",
    )


def run(options: argparse.Namespace) -> int:
    """Convert one checkpoint."""
    from audiogen_daemon.engine.blas import load_blas

    load_blas()
    from audiogen_daemon.models.conversion import convert
    from audiogen_daemon.models.torchfiles import TorchMissingError

    source, target = options.source.expanduser(), options.target.expanduser()
    parts = [part.expanduser() for part in options.parts]
    try:
        folder = convert(source, target, parts, lambda text: print(text, file=sys.stderr))
    except TorchMissingError as error:
        raise CommandError(str(error)) from error
    except (ValueError, OSError) as error:
        raise JobError("convert", f"{source} could not be converted: {error}") from error
    print(f"{len(folder.tensors)} tensors are in {target}; a model in the models folder plays by its folder's name")
    return 0
