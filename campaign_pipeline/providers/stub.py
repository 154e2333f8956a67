"""The stub provider: a plain, valid tone for tests and for trying out a pipeline.

Belongs here: the smallest sound that passes every check of finished music.
Does not belong here: music (providers.synth).
"""

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.audio import AudioModel, GeneratedAudio
from campaign_pipeline.providers.tempo import fit_tempo

TONE_HZ = 440.0


class StubAudioModel(AudioModel):
    """One steady tone, of whole cycles so that it loops."""

    provider_id = "stub"
    model = None
    version = "1.0.0"

    def generate(self, request: AudioRequest) -> GeneratedAudio:
        """Give a tone of the asked length, rate and channels; nothing else of the request shapes it."""
        import numpy as np  # noqa: PLC0415  only the step that makes sound pays for it

        cycles = round(TONE_HZ * request.duration_sec)
        # Whole-number phases keep the last cycle as exact as the first, however long the tone.
        phase = np.arange(request.frames, dtype=np.int64) * cycles % request.frames
        tone = np.sin(phase * (2 * np.pi / request.frames)) / 8
        tempo = fit_tempo(request)
        return GeneratedAudio(
            samples=np.tile(tone, (request.channels, 1)),
            sample_rate=request.sample_rate,
            bpm=tempo.bpm,
            bars=tempo.bars,
            loop=request.loopable,
        )
