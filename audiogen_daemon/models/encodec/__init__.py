"""EnCodec, the neural codec of MusicGen, with an exact streaming decoder."""

from audiogen_daemon.models.encodec.config import EncodecConfig
from audiogen_daemon.models.encodec.decoder import DecoderState
from audiogen_daemon.models.encodec.loading import load_encodec, tensor_shapes
from audiogen_daemon.models.encodec.model import Encodec

__all__ = ["DecoderState", "Encodec", "EncodecConfig", "load_encodec", "tensor_shapes"]
