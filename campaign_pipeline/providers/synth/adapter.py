"""The synth provider behind the port.

Belongs here: what makes SynthAudioModel an AudioModel.
Does not belong here: composition (compose) and sound (play).
"""

from campaign_pipeline.model.audio import AudioRequest
from campaign_pipeline.providers.audio import AudioModel, GeneratedAudio


class SynthAudioModel(AudioModel):
    """Composes and plays a piece of its own for every request; equal requests give equal samples."""

    provider_id = "synth"
    model = None
    version = "1.3.0"

    def generate(self, request: AudioRequest) -> GeneratedAudio:
        """Compose and play the piece that the parameters draw."""
        from campaign_pipeline.providers.memory import keep_freed_memory  # noqa: PLC0415  numpy only where sound is made
        from campaign_pipeline.providers.synth.compose import compose  # noqa: PLC0415  as above
        from campaign_pipeline.providers.synth.play import play  # noqa: PLC0415  as above

        keep_freed_memory()
        score = compose(request)
        return GeneratedAudio(
            samples=play(
                score, frames=request.frames, sample_rate=request.sample_rate, channels=request.channels
            ),
            sample_rate=request.sample_rate,
            bpm=score.tempo.bpm,
            bars=score.tempo.bars,
            loop=request.loopable,
            details={
                "key": score.key,
                "form": " ".join(score.form),
                "style": score.style,
                "instruments": sorted({note.patch for note in score.notes}),
                "notes": len(score.notes),
                "hits": len(score.hits),
            },
        )
